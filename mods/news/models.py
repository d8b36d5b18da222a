"""Who is told of what, what was told, and how far everything has been looked at."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scheduling.errors import InvalidSchedule
from scheduling.models import default_zone
from scheduling.redact import MASK
from scheduling.triggers import check_zone

from .mask import masked
from .quiet import quiet_until
from .seal import Unreadable, seal, unseal

MAX_ADDRESS = 2_000


class NewsChannel(models.Model):
    """Where news go: one address of a notification service, encrypted."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    sealed = models.TextField(editable=False)
    service = models.CharField(_("service"), max_length=60, blank=True, default="", editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    grouped = models.BooleanField(
        _("grouped"),
        default=True,
        help_text=_("What is found at the same time goes into one message."),
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(
        _("quiet to"),
        null=True,
        blank=True,
        help_text=_("What comes in between is held back and sent together afterwards."),
    )
    timezone = models.CharField(
        _("time zone of the quiet hours"),
        max_length=64,
        default=default_zone,
        help_text=_("Like Europe/Berlin."),
    )
    problem = models.CharField(_("problem"), max_length=500, blank=True, default="", editable=False)
    problem_since = models.DateTimeField(_("problem since"), null=True, editable=False)

    class Meta:
        verbose_name = _("news channel")
        verbose_name_plural = _("news channels")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValidationError(
                {"quiet_to": gettext("Quiet hours need both a beginning and an end, or neither.")}
            )
        if self.quiet_from is not None and self.quiet_from == self.quiet_to:
            raise ValidationError({"quiet_to": gettext("Quiet hours end when they begin.")})
        try:
            check_zone(self.timezone)
        except InvalidSchedule as error:
            raise ValidationError({"timezone": str(error)}) from None

    # Methods, and no property of the address: what shows fields of models must not find one.
    def seal(self, address: str) -> None:
        self.sealed = seal(address)

    def unsealed(self) -> str:
        """Raises Unreadable when SECRET_KEY has changed since the address was entered."""
        return unseal(self.sealed)

    def is_readable(self) -> bool:
        try:
            return bool(self.unsealed())
        except Unreadable:
            return False

    def masked(self) -> str:
        """What may be seen of the address."""
        try:
            return masked(self.unsealed())
        except Unreadable:
            return MASK

    def quiet_until(self, now: datetime) -> datetime | None:
        """When the quiet hours of this moment end; None when there are none."""
        if self.quiet_from is None or self.quiet_to is None:
            return None
        return quiet_until(now, self.quiet_from, self.quiet_to, self.timezone)


class Event(models.TextChoices):
    JOB_FAILED = "job_failed", _("a job failed several times in a row")
    JOB_RECOVERED = "job_recovered", _("a job that had failed so has succeeded again")
    JOB_LATE = "job_late", _("a job runs late")
    NO_WORKER = "no_worker", _("no worker was running")
    VERSION_STABLE = "version_stable", _("new stable version of the game")
    VERSION_UNSTABLE = "version_unstable", _("new unstable version of the game")
    MOD_UPDATE = "mod_update", _("a tracked mod has an update")
    MOD_RETRACTED = "mod_retracted", _("a tracked mod was retracted")
    MOD_READY = "mod_ready", _("a tracked mod became ready for a version of the game")


JOB_EVENTS = frozenset((Event.JOB_FAILED, Event.JOB_RECOVERED, Event.JOB_LATE))


class NewsRule(models.Model):
    """Of what to tell, and where."""

    event = models.CharField(_("event"), max_length=20, choices=Event.choices)
    job_name = models.CharField(
        _("job"), max_length=100, blank=True, default="", help_text=_("Empty = every job.")
    )
    mod_identifier = models.CharField(
        _("mod"),
        max_length=255,
        blank=True,
        default="",
        help_text=_("The identifier of a tracked mod. Empty = every tracked mod."),
    )
    failures = models.PositiveSmallIntegerField(
        _("failures in a row"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("Slots whose last attempt failed, timed out or was lost."),
    )
    late_after_seconds = models.PositiveIntegerField(
        _("late after seconds"),
        null=True,
        blank=True,
        validators=[MinValueValidator(60), MaxValueValidator(31_536_000)],
        help_text=_(
            "For jobs: without a success for so long; empty = its next run is overdue. "
            "For the worker: so long without one; empty = a minute."
        ),
    )
    game_version = models.CharField(
        _("version of the game"),
        max_length=32,
        blank=True,
        default="",
        help_text=_("Empty = the newest stable one."),
    )
    tell_recovery = models.BooleanField(
        _("tell of the end too"),
        default=True,
        help_text=_("When a job is well again, or a mod back."),
    )
    channels = models.ManyToManyField(NewsChannel, related_name="rules", verbose_name=_("channels"))
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("news rule")
        verbose_name_plural = _("news rules")
        ordering = ["event", "pk"]

    def __str__(self) -> str:
        about = self.job_name or self.mod_identifier or self.game_version
        return f"{self.get_event_display()}: {about}" if about else self.get_event_display()

    def clean(self) -> None:
        from ..gameversion import Version

        if self.event == Event.MOD_READY and self.game_version:
            try:
                Version.parse(self.game_version)
            except ValueError:
                raise ValidationError(
                    {"game_version": gettext("This is no version of the game, such as 1.22.7.")}
                ) from None


class NewsFlip(models.Model):
    """What a rule last found of a job, a mod or the worker, and since when.

    Whoever changes ``state`` by an update that asks for the old one may tell of it.
    """

    rule = models.ForeignKey(
        NewsRule, on_delete=models.CASCADE, related_name="flips", verbose_name=_("rule")
    )
    subject = models.CharField(_("subject"), max_length=255)
    state = models.CharField(_("state"), max_length=120, blank=True, default="")
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints = [models.UniqueConstraint(fields=["rule", "subject"], name="one_flip")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.state}"


class NewsCursor(models.Model):
    """One row: up to where changes have been looked at, and when it was done last."""

    change_id = models.BigIntegerField(default=0)
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.change_id)


class Fate(models.TextChoices):
    HELD = "held", _("held back")  # until the quiet hours end
    QUEUED = "queued", _("queued")
    DELIVERED = "delivered", _("delivered")
    GIVEN_UP = "given_up", _("given up")


class NewsMessage(models.Model):
    """A message to one channel and what became of it. Stays when its channel is deleted."""

    channel = models.ForeignKey(
        NewsChannel,
        null=True,
        on_delete=models.SET_NULL,
        related_name="messages",
        verbose_name=_("channel"),
    )
    channel_name = models.CharField(_("channel"), max_length=100)
    items = models.JSONField(_("news"), default=list)
    omitted = models.PositiveIntegerField(_("omitted"), default=0)
    is_test = models.BooleanField(_("test"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Fate.choices)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    released_at = models.DateTimeField(_("released at"), null=True)
    next_try_at = models.DateTimeField(_("next try at"), null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    error = models.CharField(_("last error"), max_length=600, blank=True, default="")

    class Meta:
        verbose_name = _("news message")
        verbose_name_plural = _("news messages")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "next_try_at"], name="message_by_status")]

    def __str__(self) -> str:
        return f"{self.channel_name}, {self.created_at:%Y-%m-%d %H:%M}"
