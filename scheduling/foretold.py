"""What would come of the fields of a form, by what the worker has applied so far."""

from copy import copy
from functools import cache

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.timezone import now

from . import history
from .errors import InvalidSchedule
from .models import JobSchedule
from .outlook import annotated, outlook
from .preview import Applied, Preview, preview
from .when_form import WhenForm

# Of the button that asks for it: what is sent with it is not saved.
ASKED = "_preview"


# The same for each request, and building it takes as long as asking.
@cache
def with_what_was_applied() -> QuerySet[JobSchedule]:
    began = history.runs_that_began(OuterRef("name"))
    return annotated(JobSchedule.objects.all()).annotate(has_run=Exists(began))


def foretold(schedule: JobSchedule, when: WhenForm) -> Preview | None:
    """Of a schedule that came with what was applied of it, if ``when`` were saved, or of itself
    where ``when`` was not sent; None for what can't be understood."""
    if when.is_sent and when.errors:
        return None
    wanted = copy(schedule)
    for field, value in (when.wanted if when.is_sent else {}).items():
        setattr(wanted, field, value)
    try:
        return preview(schedule, wanted, applied(schedule), now())
    except InvalidSchedule:
        return None


def foretell(when: WhenForm) -> None:
    """Put what would come of what stands in a form beside its fields."""
    schedule = with_what_was_applied().get(pk=when.schedule.pk)
    # Read anew: a refusal may have changed what stands in it.
    when.preview = foretold(schedule, type(when)(schedule, when.data))


def applied(schedule: JobSchedule) -> Applied:
    """Of a schedule that came with what was applied of it; asks for its newest slot."""
    seen, moment = outlook(schedule), now()
    try:
        trigger = schedule.trigger()
    except InvalidSchedule:
        trigger = None
    spec = seen.state.applied_spec if seen.state else {}
    paused = bool(spec.get("paused"))
    before_the_pause = seen.state.paused_slot_at if seen.state and paused else None
    return Applied(
        schedule=schedule.spec(moment)["schedule"] if seen.applied else spec.get("schedule"),
        trigger=trigger if seen.applied else None,
        registered=seen.registered,
        paused=paused,
        next_run=seen.next_run_time or before_the_pause,
        last_slot=history.last_slot(schedule.name),
        has_run=schedule.__dict__["has_run"],
    )
