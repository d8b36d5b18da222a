"""What changed upstream, for feed readers."""

from datetime import UTC
from hashlib import blake2b
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scheduling import tokens
from scheduling.access import may
from scheduling.text import clean

from . import changelist, changewords
from .models import Change


class _HtmlTitles:
    """Writes an entry, its title marked as the HTML that it is.

    Readers take titles for HTML, whatever they are marked as: those that don't would show the
    escaped text as it stands.
    """

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handler, name)

    def addQuickElement(  # noqa: N802 - Django's name
        self, name: str, contents: str, attrs: dict[str, str] | None = None
    ) -> None:
        attrs = {"type": "html"} if name == "title" else attrs
        self._handler.addQuickElement(name, contents, attrs)


class _Atom(Atom1Feed):
    def add_item_elements(self, handler: Any, item: Any) -> None:
        writer: Any = _HtmlTitles(handler)
        super().add_item_elements(writer, item)


class ChangesFeed(Feed):  # type: ignore[type-arg]
    feed_type = _Atom
    # Atom wants one, of the feed or of each entry.
    author_name = "vsmanager"

    def title(self) -> str:
        return _("What changed: mods and versions")

    def link(self) -> str:
        return reverse("mods-changes")

    def items(self) -> list[Change]:
        return changelist.page().changes

    def item_title(self, item: Any) -> str:
        told = f"{item.get_kind_display()}: {item.subject} {item.version}".strip()
        return str(escape(clean(told)))

    def item_description(self, item: Any) -> str:
        before, after = changewords.before(item), changewords.after(item)
        return str(escape(clean(f"{before} → {after}" if before else after)))

    def item_link(self, item: Any) -> str:
        return reverse("mods-mod", args=[item.mod_id]) if item.mod_id else reverse("mods-versions")

    def item_guid(self, item: Any) -> str:
        # The same for good, and another one than that of any other installation's change.
        at = item.at.astimezone(UTC).isoformat()
        return uuid5(NAMESPACE_URL, f"vsmanager {item.pk} {at} {item.kind} {item.subject}").urn

    def item_updateddate(self, item: Any) -> Any:
        return item.at

    def item_pubdate(self, item: Any) -> Any:
        return item.at


_HOW = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "60"}}


@require_safe
def changes_feed(request: HttpRequest) -> HttpResponse:
    """For a session of staff, or a token as Bearer. A token in the address is none: addresses
    end up in logs."""
    sent = request.headers.get("Authorization", "")
    user: Any = request.user
    if sent:
        scheme, _space, token = sent.partition(" ")
        try:
            user = tokens.find(token.strip(), request).user if scheme.lower() == "bearer" else None
        except tokens.Refused as why:
            return HttpResponse(why.message, status=why.status, headers=_HOW[why.status])
    if user is None or not user.is_authenticated:
        return HttpResponse(status=401, headers=_HOW[401])
    if not ((sent or user.is_staff) and may(user, "view", "mods.change")):
        return HttpResponse(status=403)
    return _unless_known(request, ChangesFeed()(request))


def _unless_known(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """A 304 for readers that have this very feed already."""
    answer["Cache-Control"] = "private, no-cache"
    patch_vary_headers(answer, ["Authorization", "Cookie"])
    answer["ETag"] = f'"{blake2b(answer.content, digest_size=16).hexdigest()}"'
    # By the moment alone nobody can tell: changes of the same second may follow.
    del answer["Last-Modified"]
    known = get_conditional_response(request, etag=answer["ETag"], response=answer)
    return known or answer
