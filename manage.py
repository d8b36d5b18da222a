#!/usr/bin/env python
"""Django's command line for vsmanager."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vsmanager.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        # Read the settings first: a bad variable is one line to a person, not a traceback.
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as error:
        sys.exit(f"vsmanager can't start: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
