"""What the upstreams told us last: the mod catalogue."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..querysets import ModQuerySet


class Mod(models.Model):
    """A mod as the catalogue shows it. One that vanished stays, with the time it was missed."""

    modid = models.BigIntegerField(_("mod id"), primary_key=True)
    assetid = models.BigIntegerField(
        _("asset id"), help_text=_("What the mod's web page goes by: /show/mod/{asset id}.")
    )
    name = models.CharField(_("name"), max_length=255)
    summary = models.CharField(_("summary"), max_length=255, blank=True, default="")
    author = models.CharField(_("author"), max_length=255)
    side = models.CharField(
        _("side"), max_length=20, blank=True, default="", help_text=_("client, server or both.")
    )
    type = models.CharField(_("type"), max_length=20, help_text=_("mod, externaltool or other."))
    identifiers = models.JSONField(
        _("identifiers"), default=list, help_text=_("The ids its releases go by in game.")
    )
    tags = models.JSONField(_("tags"), default=list)
    urlalias = models.CharField(_("URL alias"), max_length=255, blank=True, default="")
    logo = models.CharField(_("logo"), max_length=500, blank=True, default="")
    # The counters can fall, and fell below zero at times.
    downloads = models.BigIntegerField(_("downloads"), default=0)
    follows = models.BigIntegerField(_("follows"), default=0)
    trendingpoints = models.BigIntegerField(_("trending points"), default=0)
    comments = models.BigIntegerField(_("comments"), default=0)
    last_released = models.DateTimeField(_("last released"), null=True)
    first_seen_at = models.DateTimeField(_("first seen at"))
    changed_at = models.DateTimeField(
        _("changed at"), help_text=_("When any of this was last seen to change.")
    )
    delisted_at = models.DateTimeField(
        _("delisted at"), null=True, help_text=_("When it was gone from the catalogue.")
    )
    content_hash = models.CharField(_("content hash"), max_length=32, editable=False)
    # Of the bytes that this was read of, and behind it the content hash that they gave: where
    # that is another by now, a version that knows no raw hash has written the row since.
    raw_hash = models.CharField(max_length=64, editable=False, db_default="")

    objects = ModQuerySet.as_manager()

    class Meta:
        verbose_name = _("mod")
        verbose_name_plural = _("mods")
        ordering = ["-modid"]
        indexes = [
            models.Index(fields=["name"], name="mod_by_name"),
            models.Index(fields=["last_released", "modid"], name="mod_by_release"),
            models.Index(fields=["downloads", "modid"], name="mod_by_downloads"),
            models.Index(fields=["trendingpoints", "modid"], name="mod_by_trending"),
            # Of those that are gone only: of all, SQLite would look in it for those that are
            # listed, nearly all there are, and sort them instead of walking a list in its order.
            models.Index(
                fields=["delisted_at"],
                name="mod_by_delisting",
                condition=models.Q(delisted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ModDetail(models.Model):
    """What the catalogue does not tell of a mod; fetched for tracked mods only.

    ``read_of`` is the digest of the catalogue's row that it belongs to: while that stays, it
    need not be fetched anew. ``problem`` tells why the last try failed; what was known before
    stays, with its age.
    """

    mod = models.OneToOneField(
        Mod, on_delete=models.CASCADE, primary_key=True, related_name="detail"
    )
    text = models.TextField(_("description"), blank=True, default="")
    homepage_url = models.CharField(_("homepage"), max_length=500, blank=True, default="")
    source_url = models.CharField(_("source code"), max_length=500, blank=True, default="")
    issues_url = models.CharField(_("issue tracker"), max_length=500, blank=True, default="")
    wiki_url = models.CharField(_("wiki"), max_length=500, blank=True, default="")
    read_of = models.CharField(max_length=32, blank=True, default="", editable=False)
    fetched_at = models.DateTimeField(_("fetched at"), null=True)
    tried_at = models.DateTimeField(_("tried at"))
    problem = models.TextField(_("problem"), blank=True, default="")

    class Meta:
        verbose_name = _("mod detail")
        verbose_name_plural = _("mod details")

    def __str__(self) -> str:
        return str(self.mod)
