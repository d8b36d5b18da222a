"""The web process, for any WSGI server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from .middleware import Utf8Request

os.umask(0o077)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vsmanager.settings")
application = get_wsgi_application()
application.request_class = Utf8Request


def _settle() -> None:
    """What only a process that answers many requests wants."""
    from django.db import connection

    from scheduling.health import lately

    # Monitors may ask as often as they like.
    lately.keep_for = 0.25
    if connection.vendor == "postgresql":
        # Each thread keeps its connection; one that the server has cut is replaced.
        connection.settings_dict |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


_settle()
# What is loaded by now stays: looking through it for garbage only holds up requests.
gc.freeze()
