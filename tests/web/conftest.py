"""The people who use the web side, two jobs with settings, and rows to look at."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.test import Client
from django_apscheduler.models import DjangoJob

from scheduling import registry
from scheduling.models import JobRun, JobSchedule, SchedulerProcess, ScheduleState
from scheduling.registry import safe_job
from tests.confirmed import confirmed

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """``tides`` and ``stars`` have settings, ``plain`` has none."""
    monkeypatch.setattr(registry, "_jobs", {})

    @safe_job(
        "tides", interval_seconds=14_400, min_interval_seconds=10, setting="tides_refresh_interval"
    )
    def tides() -> None:
        """Reads the tides."""

    @safe_job(
        "stars", interval_seconds=86_400, min_interval_seconds=10, setting="stars_refresh_interval"
    )
    def stars() -> None:
        """Reads the stars."""

    @safe_job("plain", cron="30 4 * * *")
    def plain() -> None:
        """Has no setting."""

    yield
    for name in ("tides", "stars", "plain"):
        registry.unregister(name)


@pytest.fixture
def schedules(jobs: None, db: None) -> dict[str, JobSchedule]:
    JobSchedule.objects.all().delete()
    return {
        job.name: JobSchedule.objects.create(
            name=job.name, interval_seconds=job.interval_seconds, cron=job.cron
        )
        for job in registry.jobs().values()
    }


@pytest.fixture
def tides(schedules: dict[str, JobSchedule]) -> JobSchedule:
    return schedules["tides"]


# All at once: nearly every test of a page starts with them.
@pytest.fixture
def people(db: None) -> dict[str, User]:
    nobody = make_password(None)
    users = User.objects.bulk_create(
        [
            User(username="visitor", password=nobody),
            User(username="staff", password=nobody, is_staff=True),
            User(username="monitor", password=nobody, is_staff=True),
            User(username="ann", password=nobody, is_staff=True),
            User(username="root", password=nobody, is_staff=True, is_superuser=True),
        ]
    )
    people = {user.username: user for user in users}
    groups = {group.name: group for group in Group.objects.all()}
    User.groups.through.objects.bulk_create(
        User.groups.through(user=people[name], group=groups[group])
        for name, group in (("monitor", "Monitor"), ("ann", "Admin"))
    )
    return people


@pytest.fixture
def ann(people: dict[str, User]) -> User:
    """In the group Admin."""
    return people["ann"]


SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in(people: dict[str, User]) -> SignIn:
    """A client for the person of this name; "anonymous" is nobody."""

    def client_of(name: str) -> Client:
        client = Client()
        if name != "anonymous":
            client.force_login(people[name])
            confirmed(client)
        return client

    return client_of


@pytest.fixture
def as_ann(sign_in: SignIn) -> Client:
    return sign_in("ann")


@pytest.fixture
def leader(db: None) -> SchedulerProcess:
    now = datetime.now(UTC)
    return SchedulerProcess.objects.create(
        host="lighthouse", pid=7, heartbeat_at=now, leading_since=now - timedelta(hours=1)
    )


def registered(schedule: JobSchedule, next_run: datetime | None = None) -> None:
    """As the worker leaves it: known to the scheduler, and the newest edit applied."""
    DjangoJob.objects.update_or_create(
        id=schedule.name, defaults={"next_run_time": next_run, "job_state": b""}
    )
    schedule.refresh_from_db()
    ScheduleState.objects.update_or_create(
        schedule=schedule,
        defaults={
            "applied_revision": schedule.revision,
            "applied_at": datetime.now(UTC),
            "applied_by": "lighthouse:7",
        },
    )


def ran(job: str = "tides", at: datetime = NOON, **fields: Any) -> JobRun:
    """A run of ``job`` that took 2 s and began 1 s late."""
    usual = {
        "status": "succeeded",
        "started_at": at + timedelta(seconds=1),
        "finished_at": at + timedelta(seconds=3),
        "worker": "lighthouse:7",
    }
    return JobRun.objects.create(job_name=job, scheduled_for=at, **{**usual, **fields})
