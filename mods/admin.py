"""Mods and game versions to look at. The upstreams are where they change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from .models import GameVersion, Mod

_WEB = ("http://", "https://")


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
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

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # A regex from the address bar can hold a process for seconds; PostgreSQL can't take NUL.
        if not {"regex", "iregex"}.isdisjoint(lookup.split("__")) or "\0" in str(value):
            return False
        return super().lookup_allowed(lookup, value, request)


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
    search_help_text = "Name or author"
    ordering = ["-last_released", "-modid"]

    readonly_fields = [
        "modid", "assetid", "name", "summary", "author", "side", "type", "identifiers", "tags",
        "urlalias", "logo_link", "downloads", "follows", "trendingpoints", "comments",
        "last_released", "first_seen_at", "changed_at", "delisted_at",
    ]  # fmt: skip

    @admin.display(boolean=True, description="listed", ordering="delisted_at")
    def is_listed(self, mod: Mod) -> bool:
        return mod.delisted_at is None

    @admin.display(description="logo")
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

    @admin.display(description="server size", ordering="server_size")
    def size(self, version: GameVersion) -> str:
        return "-" if version.server_size is None else f"{version.server_size / 2**20:,.1f} MiB"

    @admin.display(description="server URL")
    def server_link(self, version: GameVersion) -> str:
        return link(version.server_url)
