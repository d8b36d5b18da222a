"""Keys to the API."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a token may do at most; never more than its owner may."""

    VIEW = "view", _("look only")
    OPERATE = "operate", _("look and change")


class ApiToken(models.Model):
    """A key to the API. Only its digest is kept: the token itself is shown once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        verbose_name=_("user"),
    )
    name = models.CharField(_("name"), max_length=100, blank=True, default="", db_default="")
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    # Those from before there were scopes and ends keep what they could do.
    scope = models.CharField(
        _("scope"),
        max_length=10,
        choices=Scope.choices,
        default=Scope.OPERATE,
        db_default=Scope.OPERATE,
    )
    created_at = models.DateTimeField(_("created at"), default=now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        named = f" {self.name}" if self.name else ""
        return f"token{named} of {self.user} from {self.created_at:%Y-%m-%d}"

    def has_expired(self, moment: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= moment

    def allows(self, action: str) -> bool:
        """Whether its scope holds ``action`` (view, add, change, delete)."""
        return action == "view" or self.scope == Scope.OPERATE
