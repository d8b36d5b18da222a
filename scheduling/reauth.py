"""The password once more, before what whoever finds an open browser must not do.

It is asked for the making of API tokens and for channels of news. The API and the commands are
not concerned.
"""

import time
from urllib.parse import urlencode

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

# A page that was opened in time may be filled in at leisure.
TO_OPEN, TO_SEND = 10 * 60, 30 * 60
_KEY = "confirmed"


def note(request: HttpRequest, user: AbstractBaseUser, now: float) -> None:
    """This user has just given their password. ``now`` is in seconds, as by ``time.time()``."""
    request.session[_KEY] = [user.pk, now]


def is_recent(request: HttpRequest, now: float) -> bool:
    # Of somebody else's password, tried in this browser, it says nothing.
    who, given = request.session.get(_KEY) or (None, 0)
    limit = TO_SEND if request.method == "POST" else TO_OPEN
    return who == request.user.pk and 0 <= now - given < limit


def first(request: HttpRequest, back_to: str = "") -> HttpResponse | None:
    """Where to send somebody who has to give their password first; None for all others."""
    if is_recent(request, time.time()):
        return None
    wanted = back_to or request.get_full_path()
    return HttpResponseRedirect(f"{reverse('scheduling-confirm')}?{urlencode({'next': wanted})}")
