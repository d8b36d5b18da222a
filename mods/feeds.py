"""What changed upstream, for feed readers."""

from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scheduling import tokens
from scheduling.access import may
from scheduling.text import clean

from . import changelist
from .models import Change


class ChangesFeed(Feed):  # type: ignore[type-arg]
    feed_type = Atom1Feed

    def title(self) -> str:
        return _("What changed: mods and versions")

    def link(self) -> str:
        return reverse("mods-changes")

    def items(self) -> list[Change]:
        return changelist.page().changes

    def item_title(self, item: Any) -> str:
        # Titles are HTML to readers.
        told = f"{item.get_kind_display()}: {item.subject} {item.version}".strip()
        return str(escape(clean(told)))

    def item_description(self, item: Any) -> str:
        told = f"{item.before} → {item.after}" if item.before else item.after
        return str(escape(clean(told)))

    def item_link(self, item: Any) -> str:
        return reverse("mods-mod", args=[item.mod_id]) if item.mod_id else reverse("mods-versions")

    def item_guid(self, item: Any) -> str:
        return f"urn:vsmanager:change:{item.pk}"

    def item_updateddate(self, item: Any) -> Any:
        return item.at

    def item_pubdate(self, item: Any) -> Any:
        return item.at


@require_safe
def changes_feed(request: HttpRequest) -> HttpResponse:
    """For a session of staff, or a token as Bearer. A token in the address is none: addresses
    end up in logs."""
    sent = request.headers.get("Authorization", "")
    user: Any = request.user
    if sent:
        scheme, _space, token = sent.partition(" ")
        user = tokens.owner(token.strip()) if scheme.lower() == "bearer" else None
    if user is None or not user.is_authenticated:
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    if not ((sent or user.is_staff) and may(user, "view", "mods.change")):
        return HttpResponse(status=403)
    answer = ChangesFeed()(request)
    answer["Cache-Control"] = "private, no-store"
    return answer
