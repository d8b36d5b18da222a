"""What the web answers when something went wrong that nobody foresaw."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# Most of what makes a database say no passes within seconds: a restart, a lock, a migration.
RETRY_AFTER = 10


def server_error(_request: HttpRequest) -> HttpResponse:
    """Django's ``handler500``: a 503 where it is the database that said no."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = HttpResponse(render_to_string("503.html"), status=503)
        response["Retry-After"] = str(RETRY_AFTER)
        return response
    return HttpResponse(render_to_string("500.html"), status=500)
