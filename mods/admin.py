"""Mods, their releases and game versions to look at. The upstreams are where they change.

Tracked mods are added and edited on pages of their own; here they can be deleted.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from scheduling.admin_requests import CarefulAdmin
from scheduling.text import clean

from . import changewords
from .models import Change, GameVersion, Mod, ModDetail, Release, TrackedMod

_WEB = ("http://", "https://")


class ReadOnlyAdmin(CarefulAdmin):
    """Shows rows to those who may view them, quickly however many there are."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


def link(address: str) -> str:
    """The address as a link, if it is one that a browser may follow; escaped in any case."""
    if not address.lower().startswith(_WEB):
        return address or "-"
    return format_html('<a href="{0}" rel="noopener noreferrer">{0}</a>', address)


@admin.register(Mod)
class ModAdmin(ReadOnlyAdmin):
    list_display = ["name", "author", "side", "type", "downloads", "last_released", "is_listed"]
    list_filter = ["side", "type", ("delisted_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "author"]
    search_help_text = _("Name or author")
    ordering = ["-last_released", "-modid"]

    readonly_fields = [
        "modid", "assetid", "name", "summary", "author", "side", "type", "identifiers", "tags",
        "urlalias", "logo_link", "downloads", "follows", "trendingpoints", "comments",
        "last_released", "first_seen_at", "changed_at", "delisted_at",
    ]  # fmt: skip

    @admin.display(boolean=True, description=_("listed"), ordering="delisted_at")
    def is_listed(self, mod: Mod) -> bool:
        return mod.delisted_at is None

    @admin.display(description=_("logo"))
    def logo_link(self, mod: Mod) -> str:
        return link(mod.logo)


@admin.register(GameVersion)
class GameVersionAdmin(ReadOnlyAdmin):
    list_display = ["version", "channel", "is_latest", "server_filename", "size", "first_seen_at"]
    list_filter = ["channel", "is_latest", ("withdrawn_at", admin.EmptyFieldListFilter)]
    search_fields = ["version"]
    readonly_fields = [
        "version", "channel", "is_latest", "server_filename", "server_link", "server_md5", "size",
        "first_seen_at", "changed_at", "withdrawn_at",
    ]  # fmt: skip

    @admin.display(description=_("server size"), ordering="server_size")
    def size(self, version: GameVersion) -> str:
        if version.server_size is None:
            return "-"
        size = round(version.server_size / 2**20, 1)
        return f"{number_format(size, 1, force_grouping=True)} MiB"

    @admin.display(description=_("server URL"))
    def server_link(self, version: GameVersion) -> str:
        return link(version.server_url)


@admin.register(ModDetail)
class ModDetailAdmin(ReadOnlyAdmin):
    list_display = ["mod", "fetched_at", "tried_at", "problem_in_short"]
    list_filter = [("problem", admin.EmptyFieldListFilter)]
    list_select_related = ["mod"]
    search_fields = ["mod__name"]
    search_help_text = _("Name of the mod")
    ordering = ["-tried_at", "-mod"]
    readonly_fields = [
        "mod", "fetched_at", "tried_at", "problem", "homepage", "source", "issues", "wiki", "text",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ModDetail]":
        # Long texts, of which a list shows nothing.
        return super().get_queryset(request).defer("text")

    @admin.display(description=_("problem"))
    def problem_in_short(self, detail: ModDetail) -> str:
        return clean(detail.problem, 100) or "-"

    @admin.display(description=_("homepage"))
    def homepage(self, detail: ModDetail) -> str:
        return link(detail.homepage_url)

    @admin.display(description=_("source code"))
    def source(self, detail: ModDetail) -> str:
        return link(detail.source_url)

    @admin.display(description=_("issue tracker"))
    def issues(self, detail: ModDetail) -> str:
        return link(detail.issues_url)

    @admin.display(description=_("wiki"))
    def wiki(self, detail: ModDetail) -> str:
        return link(detail.wiki_url)


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ["mod", "identifier", "version", "created_at", "is_current"]
    list_filter = [("gone_at", admin.EmptyFieldListFilter)]
    list_select_related = ["mod"]
    search_fields = ["identifier", "mod__name"]
    search_help_text = _("Identifier or name of the mod")
    readonly_fields = [
        "mod", "releaseid", "identifier", "version", "game_versions", "filename", "file_link",
        "changelog", "created_at", "first_seen_at", "changed_at", "gone_at",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Release]":
        return super().get_queryset(request).defer("changelog", "game_versions")

    @admin.display(boolean=True, description=_("current"), ordering="gone_at")
    def is_current(self, release: Release) -> bool:
        return release.gone_at is None

    @admin.display(description=_("file URL"))
    def file_link(self, release: Release) -> str:
        return link(release.file_url)


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "subject", "version", "was", "became"]
    list_filter = ["kind"]
    search_fields = ["subject"]
    search_help_text = _("Name of the mod, or version of the game")
    readonly_fields = ["at", "kind", "mod", "subject", "version", "was", "became"]

    @admin.display(description=_("before"))
    def was(self, change: Change) -> str:
        return changewords.before(change) or "-"

    @admin.display(description=_("after"))
    def became(self, change: Change) -> str:
        return changewords.after(change) or "-"


@admin.register(TrackedMod)
class TrackedModAdmin(ReadOnlyAdmin):
    list_display = ["identifier", "version", "mod", "origin", "added_by", "added_at"]
    list_filter = ["origin", ("mod", admin.EmptyFieldListFilter)]
    list_select_related = ["mod"]
    search_fields = ["identifier", "mod__name"]
    search_help_text = _("Identifier or name of the mod")
    readonly_fields = [
        "identifier", "version", "mod", "dependencies", "origin", "added_by", "added_at",
        "updated_at",
    ]  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
