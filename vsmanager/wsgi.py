"""The web process, for any WSGI server."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

from vsmanager.start import read_settings

read_settings()
application = get_wsgi_application()


def _settle() -> None:
    """What only a process that answers many requests wants."""
    from django.conf import settings
    from django.db import connection

    from scheduling.health import lately

    # Monitors may ask as often as they like.
    lately.keep_for = 0.25
    if settings.STATIC_ROOT and not os.path.exists(f"{settings.STATIC_ROOT}/staticfiles.json"):  # noqa: PTH110
        sys.exit(
            "vsmanager can't start: STATIC_ROOT names a folder without static files."
            " Run: python manage.py collectstatic"
        )
    if connection.vendor == "postgresql":
        # Each thread keeps its connection; one that the server has cut is replaced.
        connection.settings_dict |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


_settle()
# What is loaded by now stays: looking through it for garbage only holds up requests.
gc.freeze()
