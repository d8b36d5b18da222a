"""The admin of schedules, and of the rows that only the worker writes."""

from collections.abc import Callable, Iterable
from typing import Any

import django_apscheduler.admin  # noqa: F401 - registers what is unregistered below
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import now
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from . import actions
from .admin_forms import ScheduleForm
from .admin_lists import BoundedPaginator, JobNameFilter
from .admin_requests import CarefulAdmin
from .errors import SchedulingError
from .foretold import foretell
from .models import ApiToken, JobRun, JobSchedule, SchedulerProcess, Status
from .outlook import annotated, outlook
from .templatetags.scheduling import coming, moment, span, status_badge
from .when_form import AdminNames

# Both would let a person with the view permission run jobs inside the web process, and an
# edited next run time keeps the scheduler spinning.
admin.site.unregister([DjangoJob, DjangoJobExecution])


class ReadOnly(CarefulAdmin):
    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


# The class of the fields that the form's preview is about.
FORETOLD = "vs-foretold"


@admin.register(JobSchedule)
class JobScheduleAdmin(CarefulAdmin):
    form = ScheduleForm
    list_display = [
        "name",
        "schedule",
        "next_run",
        "last_result",
        "is_paused",
        "applied",
        "problem",
    ]
    # What the worker makes of an edit is told by the line above, which stays up to date.
    readonly_fields = ["name", "schedule", "last_result", "problem"]
    fieldsets = [
        (None, {"fields": [*readonly_fields]}),
        (
            _("Schedule"),
            {
                "fields": ["kind", "interval_seconds", "cron", "timezone"],
                # What would come of these fields stands right below them.
                "classes": [FORETOLD],
            },
        ),
        (pgettext_lazy("noun", "Pause"), {"fields": ["paused", "paused_until", "pause_reason"]}),
        (
            _("When slots are late"),
            {"fields": ["misfire_grace_seconds", "coalesce", "max_instances"]},
        ),
        (_("When a run fails or hangs"), {"fields": ["timeout_seconds", "max_retries"]}),
        (_("Where it runs"), {"fields": ["queue", "priority"]}),
        (None, {"fields": ["reason", "seen_revision"]}),
    ]
    actions = ["pause", "resume", "run_now"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobSchedule]:
        return annotated(super().get_queryset(request))

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False  # each job in the code has its row

    def has_delete_permission(self, request: HttpRequest, obj: JobSchedule | None = None) -> bool:
        # The row of a job that the code has would come back.
        return bool(obj and not obj.job and super().has_delete_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, _change: bool) -> None:
        reason = form.cleaned_data["reason"]
        for text in actions.change(obj, request.user, reason=reason, **form.wanted):  # type: ignore[arg-type]
            told = gettext("Saved. %(job)s: %(what)s") % {"job": obj.name, "what": text}
            self.message_user(request, told, messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: JobSchedule) -> HttpResponse:
        """Without Django's own message: ``save_model`` has told what was saved."""
        if not messages.get_messages(request):
            self.message_user(request, gettext("Nothing was changed."))
        if "_continue" in request.POST:
            return redirect(request.path)
        return self.response_post_save_change(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: JobSchedule | None = None) -> Any:
        """Without what there is not: a problem, or fields for who may only look."""
        left_out = set() if obj is None or outlook(obj).problem else {"problem"}
        if not self.has_change_permission(request, obj):
            left_out |= {"kind", "reason", "seen_revision"}
        kept = (
            (title, {**options, "fields": [n for n in options["fields"] if n not in left_out]})
            for title, options in self.fieldsets
        )
        return [(title, options) for title, options in kept if options["fields"]]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if obj := kwargs.get("obj"):
            context["outlook"] = outlook(obj)
            context["when"] = when = AdminNames(obj, context["adminform"].form.data)
            if when.is_sent:
                foretell(when)
        return super().render_change_form(request, context, *args, **kwargs)

    def log_change(self, _request: HttpRequest, _obj: Model, _message: Any) -> Any:
        """Nothing: the log entry with before and after is written by ``actions``."""

    @admin.display(description=_("schedule"))
    def schedule(self, obj: JobSchedule) -> str:
        return obj.in_words

    @admin.display(description=_("next run"))
    def next_run(self, obj: JobSchedule) -> str:
        return coming(outlook(obj).next_run_time) or gettext("none")

    @admin.display(description=_("last result"))
    def last_result(self, obj: JobSchedule) -> str:
        last = outlook(obj).last_run
        if last is None:
            return gettext("never")
        url = reverse("scheduling-run", args=[last.id])
        return format_html(
            '<a href="{}">{} {}</a>', url, status_badge(last.status), moment(last.at)
        )

    @admin.display(description=_("paused"))
    def is_paused(self, obj: JobSchedule) -> str:
        pause = obj.pause_in_words(now())
        return f"‖ {pause}" if pause else ""

    @admin.display(description=_("applied"))
    def applied(self, obj: JobSchedule) -> str:
        seen = outlook(obj)
        if seen.state and seen.applied:
            return format_html(
                gettext("{time} by {worker}"),
                time=moment(seen.state.applied_at),
                worker=seen.state.applied_by,
            )
        return gettext("not yet")

    @admin.display(description=_("problem"), empty_value="")
    def problem(self, obj: JobSchedule) -> str:
        return outlook(obj).problem

    @admin.action(permissions=["change"], description=_("Pause the selected schedules"))
    def pause(self, request: HttpRequest, queryset: QuerySet[JobSchedule]) -> None:
        self._act(request, queryset, _pause_unless_paused, _("Paused %(jobs)s."))

    @admin.action(permissions=["change"], description=_("Resume the selected schedules"))
    def resume(self, request: HttpRequest, queryset: QuerySet[JobSchedule]) -> None:
        self._act(request, queryset, actions.resume, _("Resumed %(jobs)s."))

    @admin.action(permissions=["change"], description=_("Run the selected jobs now"))
    def run_now(self, request: HttpRequest, queryset: QuerySet[JobSchedule]) -> None:
        self._act(request, queryset, actions.run_now, _("Queued a run of %(job)s."))

    def _act(
        self,
        request: HttpRequest,
        schedules: Iterable[JobSchedule],
        act: Callable[[JobSchedule, Any], object],
        done: object,
    ) -> None:
        for schedule in schedules:
            try:
                outcome = act(schedule, request.user)
            except SchedulingError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                text = str(done) if outcome else gettext("Nothing to do for %(job)s.")
                self.message_user(request, text % {"job": schedule.name, "jobs": schedule.name})


def _pause_unless_paused(schedule: JobSchedule, by: Any) -> list[str]:
    # Its own end and reason stay.
    return [] if schedule.is_paused(now()) else actions.pause(schedule, by)


@admin.register(JobRun)
class JobRunAdmin(ReadOnly):
    list_display = ["job_name", "slot", "trigger", "shown_status", "duration", "worker"]
    list_filter = ["status", "trigger", JobNameFilter]
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    paginator = BoundedPaginator
    actions = ["cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobRun]:
        runs: Any = super().get_queryset(request)
        shown: QuerySet[JobRun] = runs.without_details().defer("error")
        return shown

    def get_exclude(self, request: HttpRequest, _obj: Any = None) -> Any:
        # Source code and values that are nobody's business who only looks.
        return () if self.has_cancel_permission(request) else ("traceback",)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        # Not the admin's own right to change: the rows themselves are read-only for all.
        return request.user.has_perm("scheduling.change_jobrun")

    @admin.action(permissions=["cancel"], description=_("Cancel the selected runs"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> None:
        for run in queryset:
            try:
                actions.cancel(run, request.user)  # type: ignore[arg-type]
            except SchedulingError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                told = {"job": run.job_name, "run": run.pk, "status": Status(run.status).label}
                self.message_user(request, gettext("%(job)s, run %(run)d: %(status)s.") % told)

    def view_on_site(self, obj: JobRun) -> str:
        return reverse("scheduling-run", args=[obj.pk])

    @admin.display(description=_("slot"))
    def slot(self, obj: JobRun) -> str:
        return moment(obj.scheduled_for)

    @admin.display(description=_("status"))
    def shown_status(self, obj: JobRun) -> str:
        return status_badge(obj.status)

    @admin.display(description=_("duration"), empty_value="")
    def duration(self, obj: JobRun) -> str:
        return span(obj.duration)


@admin.register(SchedulerProcess)
class SchedulerProcessAdmin(ReadOnly):
    list_display = [
        "__str__",
        "role",
        "queues",
        "started_at",
        "heartbeat_at",
        "leading_since",
        "stopped_at",
    ]
    ordering = ["-heartbeat_at"]
    list_per_page = 50
    show_full_result_count = False


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    """To see who has tokens and to revoke them; people make their own on ``/tokens/``."""

    list_display = ["user", "name", "scope", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    fields = ["user", "name", "scope", "created_at", "expires_at", "last_used_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
