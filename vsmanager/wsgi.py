"""The web process, for any WSGI server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vsmanager.settings")
application = get_wsgi_application()
# What is loaded by now stays: looking through it for garbage only holds up requests.
gc.freeze()
