"""The mods that the operator's server runs."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .catalogue import Mod


class Origin(models.TextChoices):
    CATALOGUE = "catalogue", _("added from the catalogue")
    LIST = "list", _("pasted")
    FOLDER = "folder", _("read from the server's folder")
    UPLOAD = "upload", _("uploaded")


class TrackedMod(models.Model):
    """A mod that the operator's server runs, by the identifier that it goes by in game.

    ``mod`` is empty where the catalogue knows no such identifier; ``version`` where nobody
    said which one is installed. ``dependencies`` are least versions by identifier, known
    where the mod's own file was read.
    """

    identifier = models.CharField(_("identifier"), max_length=255)
    mod = models.ForeignKey(
        Mod,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tracked",
        verbose_name=_("mod"),
    )
    version = models.CharField(_("installed version"), max_length=64, blank=True, default="")
    dependencies = models.JSONField(_("dependencies"), null=True, blank=True)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices)
    folder = models.CharField(
        _("folder"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("Where it was last found by a command that reads folders."),
    )
    added_by = models.CharField(_("added by"), max_length=150, blank=True, default="")
    added_at = models.DateTimeField(_("added at"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now)

    class Meta:
        ordering = [Lower("identifier")]
        verbose_name = _("tracked mod")
        verbose_name_plural = _("tracked mods")
        constraints = [
            # The game tells identifiers apart by their letters alone.
            models.UniqueConstraint(Lower("identifier"), name="tracked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.identifier}@{self.version}" if self.version else self.identifier
