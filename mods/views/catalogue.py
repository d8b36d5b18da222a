"""The mods of the catalogue: the list, and one."""

from collections.abc import Iterable
from typing import Any, TypeVar
from urllib.parse import urlencode

from django import forms
from django.db.models import CharField, F, Model, QuerySet
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from scheduling.access import SignedIn, may, staff_may

from .. import gamerange, modlinks, modpaging, modpicker, search
from ..gameversion import InvalidVersion, Version
from ..models import Change, Mod, ModDetail, Release
from ..modpaging import Sort
from ..modside import SIDES, TYPES
from ..querysets import ModQuerySet
from ..safehtml import safe_html
from .rows import ALL

T = TypeVar("T", bound=Model)

_ANY = ("", gettext_lazy("any"))
# Of the releases and of the changes of a mod; the others for the asking.
_AT_ONCE = 50
# Characters of changelogs on the page of a mod, the newest first; the rest is in the mod database.
MAX_CHANGELOGS = 100_000


class ModFilter(forms.Form):
    """Which mods to show; what is not understood is told and left out."""

    q = forms.CharField(
        label=gettext_lazy("search"),
        required=False,
        max_length=200,
        widget=forms.SearchInput(
            attrs={
                # Not the address of the page, which may be that of a place far down the list.
                "hx-get": reverse_lazy("mods-mods"),
                "hx-include": "closest form",
                "hx-trigger": "input changed delay:200ms, search",
                "hx-target": "#mods",
                "hx-select": "#mods",
                "hx-swap": "outerHTML",
                "autocomplete": "off",
            }
        ),
    )
    side = forms.ChoiceField(
        label=gettext_lazy("side"),
        required=False,
        choices=[_ANY, *SIDES.items()],
    )
    type = forms.ChoiceField(
        label=gettext_lazy("type"),
        required=False,
        choices=[_ANY, *TYPES.items()],
    )
    tag = forms.CharField(label=gettext_lazy("tag"), required=False, max_length=100)
    version = forms.CharField(
        label=gettext_lazy("game version"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Known of tracked mods only."),
    )
    which = forms.ChoiceField(
        label=gettext_lazy("which"),
        required=False,
        choices=[
            ("", gettext_lazy("all in the catalogue")),
            ("tracked", gettext_lazy("tracked")),
            ("delisted", gettext_lazy("delisted")),
        ],
    )
    sort = forms.ChoiceField(
        label=gettext_lazy("order"),
        required=False,
        choices=[
            ("", gettext_lazy("trending")),
            (Sort.DOWNLOADS, gettext_lazy("downloads")),
            (Sort.RELEASED, gettext_lazy("last released")),
            (Sort.NAME, gettext_lazy("name")),
            (Sort.NEWEST, gettext_lazy("newest")),
        ],
    )

    def clean_version(self) -> str:
        text: str = self.cleaned_data["version"]
        try:
            return str(Version.parse(text)) if text else ""
        except InvalidVersion:
            raise forms.ValidationError(_("Write a version like 1.22.7.")) from None

    @property
    def wanted(self) -> dict[str, str]:
        """What was understood, and is not the usual."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def apply(self) -> ModQuerySet:
        wanted = self.wanted
        mods = Mod.objects.all()
        which = wanted.get("which")
        mods = mods.delisted() if which == "delisted" else mods.listed()
        if which == "tracked":
            mods = mods.tracked()
        for name in ("side", "type"):
            if name in wanted:
                mods = mods.filter(**{name: wanted[name]})
        if version := wanted.get("version"):
            named = Cast("game_versions", CharField())
            current = Release.objects.current().alias(named=named)
            mods = mods.filter(
                modid__in=current.filter(named__contains=f'"{version}"').values("mod_id")
            )
        return search.narrowed(mods, wanted.get("q", ""), wanted.get("tag", ""))


@staff_may("view", "mods.mod")
@require_safe
def mods_page(request: SignedIn) -> HttpResponse:
    wanted, before, problem = ModFilter(request.GET), request.GET.get("before", ""), ""
    mods = wanted.apply().defer("content_hash", "raw_hash", "logo")
    sort = Sort(wanted.wanted.get("sort", Sort.TRENDING))
    try:
        shown = modpaging.page(mods, sort, before)
    except modpaging.BadCursor as error:
        shown, before, problem = modpaging.page(mods, sort), "", str(error)
    context = {
        "title": _("Mods"),
        "has_permission": True,
        "filter": wanted,
        "narrowed": bool(wanted.wanted),
        "problem": problem,
        "mods": shown.mods,
        "top": f"?{urlencode(wanted.wanted)}" if before else "",
        "older": f"?{urlencode({**wanted.wanted, 'before': shown.next})}" if shown.next else "",
    }
    is_typing = bool(request.htmx) and not request.htmx.history_restore_request
    template = "mods/_found.html" if is_typing else "mods/mods.html"
    answer = render(request, template, context)
    if is_typing:
        # Typing keeps the address in step, so that it can be kept and sent.
        answer["HX-Replace-Url"] = f"{request.path}?{urlencode(wanted.wanted)}".rstrip("?")
    return answer


@staff_may("view", "mods.mod")
@require_safe
def mod_page(request: SignedIn, modid: int) -> HttpResponse:
    mod = get_object_or_404(Mod.objects.select_related("detail"), modid=modid)
    detail: ModDetail | None = getattr(mod, "detail", None)
    may_changes = may(request.user, "view", "mods.change")
    may_tracked = may(request.user, "view", "mods.trackedmod")
    running = list(mod.tracked.only("identifier", "version")) if may_tracked else []
    everything = bool(request.GET.get(ALL))
    dated = F("created_at").desc(nulls_last=True)  # databases do not agree on them
    releases, more_releases = _newest(mod.releases.order_by(dated, "-releaseid"), everything)
    changes = mod.changes.order_by("-pk") if may_changes else Change.objects.none()
    shown_changes, more_changes = _newest(changes, everything)
    context = {
        "title": mod.name,
        "has_permission": True,
        "mod": mod,
        "web_page": modlinks.web_page(mod),
        "downloads_page": modlinks.downloads(mod),
        "detail": detail,
        "running": running,
        "no_longer": may_tracked and not running,
        "trackable": modpicker.free(mod, running),
        "description": safe_html(detail.text) if detail else "",
        "links": _links(detail) if detail else [],
        "releases": _told(releases),
        "more_releases": more_releases,
        "changes": shown_changes,
        "more_changes": more_changes,
        "everything": f"?{ALL}=1",
    }
    return render(request, "mods/mod.html", context)


def _newest(rows: QuerySet[T], everything: bool) -> tuple[list[T], int]:
    """The first of them, and how many more there are."""
    if everything:
        return list(rows), 0
    found = list(rows[: _AT_ONCE + 1])
    more = rows.count() - _AT_ONCE if len(found) > _AT_ONCE else 0
    return found[:_AT_ONCE], more


def _links(detail: ModDetail) -> list[tuple[str, str]]:
    links = [
        (_("Homepage"), detail.homepage_url),
        (_("Source code"), detail.source_url),
        (_("Issue tracker"), detail.issues_url),
        (_("Wiki"), detail.wiki_url),
    ]
    return [(name, url) for name, address in links if (url := modlinks.file(address))]


def _told(releases: Iterable[Release]) -> list[dict[str, Any]]:
    told, left = [], MAX_CHANGELOGS
    for release in releases:
        left -= len(release.changelog)
        told.append(
            {
                "row": release,
                "file": modlinks.file(release.file_url),
                "games": gamerange.folded(release.game_versions),
                "changelog": safe_html(release.changelog) if left >= 0 else "",
                "edited": release.changed_at > release.first_seen_at and not release.gone_at,
            }
        )
    return told
