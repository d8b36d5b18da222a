"""The releases of tracked mods."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..querysets import ReleaseQuerySet
from .catalogue import Mod


class Release(models.Model):
    """A release of a mod. Any of it can be edited later; one that vanished stays, marked so."""

    releaseid = models.BigIntegerField(_("release id"), primary_key=True)
    mod = models.ForeignKey(
        Mod, on_delete=models.CASCADE, related_name="releases", verbose_name=_("mod")
    )
    identifier = models.CharField(_("identifier"), max_length=255, blank=True, default="")
    version = models.CharField(_("version"), max_length=64)
    packed = models.BigIntegerField(
        null=True, editable=False, help_text=_("The version as a number that orders as it does.")
    )
    game_versions = models.JSONField(
        _("game versions"),
        default=list,
        help_text=_("Exactly the versions of the game that its author ticked; none for a tool."),
    )
    filename = models.CharField(_("file name"), max_length=255, blank=True, default="")
    file_url = models.CharField(_("file URL"), max_length=500, blank=True, default="")
    changelog = models.TextField(_("changelog"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"), null=True)
    first_seen_at = models.DateTimeField(_("first seen at"))
    changed_at = models.DateTimeField(
        _("changed at"), help_text=_("When any of this was last seen to change.")
    )
    gone_at = models.DateTimeField(
        _("gone at"), null=True, help_text=_("When it was found retracted or deleted.")
    )
    content_hash = models.CharField(max_length=32, editable=False)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-releaseid"]
        verbose_name = _("release")
        verbose_name_plural = _("releases")

    def __str__(self) -> str:
        return f"{self.identifier} {self.version}"
