"""What changed upstream: a list that is only added to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .catalogue import Mod


class Kind(models.TextChoices):
    MOD_NEW = "mod_new", _("new mod")
    MOD_RENAMED = "mod_renamed", _("mod renamed")
    MOD_DELISTED = "mod_delisted", _("mod delisted")
    MOD_BACK = "mod_back", _("mod back")
    RELEASE_NEW = "release_new", _("new release")
    RELEASE_EDITED = "release_edited", _("release edited")
    RELEASE_RETRACTED = "release_retracted", _("release retracted")
    VERSION_NEW = "version_new", _("new game version")
    VERSION_WITHDRAWN = "version_withdrawn", _("game version withdrawn")
    VERSION_CHECKSUM = "version_checksum", _("checksum of a game version changed")


class Change(models.Model):
    """Something that changed upstream, written in the transaction that stored the change.

    ``subject`` is the name of the mod, or the version of the game, as it was then; ``version``
    that of the release; ``before`` and ``after`` what was edited, in short.
    """

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    at = models.DateTimeField(_("at"))
    mod = models.ForeignKey(
        Mod,
        null=True,
        on_delete=models.SET_NULL,
        related_name="changes",
        verbose_name=_("mod"),
    )
    subject = models.CharField(_("subject"), max_length=255)
    version = models.CharField(_("version"), max_length=64, blank=True, default="")
    before = models.CharField(_("before"), max_length=500, blank=True, default="")
    after = models.CharField(_("after"), max_length=500, blank=True, default="")

    class Meta:
        # In the order of writing, which is that of the keys.
        ordering = ["-pk"]
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [models.Index(fields=["kind", "-id"], name="change_by_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"
