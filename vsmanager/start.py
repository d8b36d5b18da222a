"""What every way of starting vsmanager does first."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured


def read_settings() -> None:
    """Read the settings; a bad variable ends the start with one line, not a traceback."""
    # The database holds password hashes and sessions, which only its owner may read. Who collects
    # static files is seldom who serves them.
    os.umask(0o022 if sys.argv[1:2] == ["collectstatic"] else 0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vsmanager.settings")
    from django.conf import settings

    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as error:
        sys.exit(f"vsmanager can't start: {error}")
