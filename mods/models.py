"""What the upstreams told us last: the mod catalogue and the versions of the game."""

from django.db import models
from django.db.models import Q

from .querysets import GameVersionQuerySet, ModQuerySet


class Mod(models.Model):
    """A mod as the catalogue shows it. One that vanished stays, with the time it was missed."""

    modid = models.BigIntegerField("mod id", primary_key=True)
    assetid = models.BigIntegerField(
        "asset id", help_text="What the mod's web page goes by: /show/mod/{asset id}."
    )
    name = models.CharField(max_length=255)
    summary = models.CharField(max_length=255, blank=True, default="")
    author = models.CharField(max_length=255)
    side = models.CharField(
        max_length=20, blank=True, default="", help_text="client, server or both."
    )
    type = models.CharField(max_length=20, help_text="mod, externaltool or other.")
    identifiers = models.JSONField(default=list, help_text="The ids its releases go by in game.")
    tags = models.JSONField(default=list)
    urlalias = models.CharField("URL alias", max_length=255, blank=True, default="")
    logo = models.CharField(max_length=500, blank=True, default="")
    # The counters can fall, and fell below zero at times.
    downloads = models.BigIntegerField(default=0)
    follows = models.BigIntegerField(default=0)
    trendingpoints = models.BigIntegerField("trending points", default=0)
    comments = models.BigIntegerField(default=0)
    last_released = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="When any of this was last seen to change.")
    delisted_at = models.DateTimeField(null=True, help_text="When it was gone from the catalogue.")
    content_hash = models.CharField(max_length=32, editable=False)

    objects = ModQuerySet.as_manager()

    class Meta:
        ordering = ["-modid"]
        indexes = [
            models.Index(fields=["name"], name="mod_by_name"),
            models.Index(fields=["last_released"], name="mod_by_release"),
            models.Index(fields=["downloads"], name="mod_by_downloads"),
            models.Index(fields=["delisted_at"], name="mod_by_delisting"),
        ]

    def __str__(self) -> str:
        return self.name


class Channel(models.TextChoices):
    STABLE = "stable", "stable"
    UNSTABLE = "unstable", "unstable"


class GameVersion(models.Model):
    """A version of the game, with its Linux server archive."""

    version = models.CharField(max_length=32, unique=True)
    packed = models.BigIntegerField(
        unique=True, editable=False, help_text="The version as a number that orders as it does."
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    is_latest = models.BooleanField("latest", default=False)
    server_filename = models.CharField(max_length=255, blank=True, default="")
    server_url = models.CharField("server URL", max_length=500, blank=True, default="")
    server_md5 = models.CharField("server MD5", max_length=32, blank=True, default="")
    server_size = models.BigIntegerField(
        null=True, help_text="In bytes, from a text with one decimal of MiB."
    )
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="When any of this was last seen to change.")
    withdrawn_at = models.DateTimeField(null=True, help_text="When it was gone from its feed.")

    objects = GameVersionQuerySet.as_manager()

    class Meta:
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

    source = models.CharField(max_length=20, primary_key=True)
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.source} at {self.checked_at:%Y-%m-%d %H:%M:%S}"
