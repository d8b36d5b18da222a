"""Which news wait for the next look: what a refresh brings is told together."""

from datetime import datetime, timedelta

from django.db.models import Q

from scheduling.models import JobRun, Status

from .models import Event

_BRINGS = {
    "mod_cache_refresh": frozenset((Event.MOD_UPDATE, Event.MOD_RETRACTED, Event.MOD_READY)),
    "server_versions_check": frozenset((Event.VERSION_STABLE, Event.VERSION_UNSTABLE)),
}
# One that takes longer is not waited for.
_PATIENCE = timedelta(minutes=10)


def unfinished(now: datetime, looked_at: datetime) -> frozenset[Event]:
    """What is still being brought, or was until after ``now``, when the look began.

    To be asked after everything was read: then nothing that was read is a part of more to come.
    Where another refresh has ended since ``looked_at``, that one's news wait no longer.
    """
    going_on = Q(status=Status.RUNNING, claimed_at__gt=now - _PATIENCE)
    just_ended = Q(finished_at__gte=now, scheduled_for__gt=now - _PATIENCE)
    runs = JobRun.objects.filter(going_on | just_ended, job_name__in=_BRINGS)
    waits = [run.job_name for run in runs.only(*_COLUMNS) if not _follows_another(run, looked_at)]
    return frozenset[Event]().union(*(_BRINGS[name] for name in waits))


_COLUMNS = ("job_name", "scheduled_for")


def _follows_another(run: JobRun, looked_at: datetime) -> bool:
    # Attempts at the same slot belong together.
    others = JobRun.objects.filter(job_name=run.job_name).exclude(scheduled_for=run.scheduled_for)
    recent = others.filter(scheduled_for__gt=looked_at - _PATIENCE, started_at__isnull=False)
    return recent.filter(finished_at__gt=looked_at).exists()
