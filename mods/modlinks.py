"""Where a mod and its releases are found on the web."""

from urllib.parse import quote

from django.conf import settings

from .models import Mod


def web_page(mod: Mod) -> str:
    """The mod's own page of the mod database."""
    if mod.urlalias:
        return f"{settings.MODDB_URL}/{quote(mod.urlalias)}"
    return f"{settings.MODDB_URL}/show/mod/{mod.assetid}"


def downloads(mod: Mod) -> str:
    """Where its releases are to be had: a list on that page."""
    return f"{web_page(mod)}#tab-files"


def file(url: str) -> str:
    """The address of a release's file, "" if it is none that a browser should follow."""
    return url if url.lower().startswith(("https://", "http://")) else ""
