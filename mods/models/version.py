"""What the upstreams told us last: the versions of the game, and when each source was read."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..querysets import GameVersionQuerySet


class Channel(models.TextChoices):
    STABLE = "stable", _("stable")
    UNSTABLE = "unstable", _("unstable")


class GameVersion(models.Model):
    """A version of the game, with its Linux server archive."""

    version = models.CharField(_("version"), max_length=32, unique=True)
    packed = models.BigIntegerField(
        _("packed"),
        unique=True,
        editable=False,
        help_text=_("The version as a number that orders as it does."),
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    is_latest = models.BooleanField(_("latest"), default=False)
    server_filename = models.CharField(_("server filename"), max_length=255, blank=True, default="")
    server_url = models.CharField(_("server URL"), max_length=500, blank=True, default="")
    server_md5 = models.CharField(_("server MD5"), max_length=32, blank=True, default="")
    server_size = models.BigIntegerField(
        _("server size"), null=True, help_text=_("In bytes, from a text with one decimal of MiB.")
    )
    first_seen_at = models.DateTimeField(_("first seen at"))
    changed_at = models.DateTimeField(
        _("changed at"), help_text=_("When any of this was last seen to change.")
    )
    withdrawn_at = models.DateTimeField(
        _("withdrawn at"), null=True, help_text=_("When it was gone from its feed.")
    )

    objects = GameVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("game version")
        verbose_name_plural = _("game versions")
        ordering = ["-packed"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel"], condition=Q(is_latest=True), name="one_latest_per_channel"
            )
        ]
        indexes = [models.Index(fields=["channel", "-packed"], name="version_by_channel")]

    def __str__(self) -> str:
        return self.version


class SourceCheck(models.Model):
    """When a source was last read with success, whether or not anything had changed.

    ``source`` is ``catalogue`` or a channel.
    """

    CATALOGUE = "catalogue"

    source = models.CharField(_("source"), max_length=20, primary_key=True)
    checked_at = models.DateTimeField(_("checked at"))

    def __str__(self) -> str:
        return f"{self.source} at {self.checked_at:%Y-%m-%d %H:%M:%S}"
