"""What people do: each action once, with its entry in the admin's log."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from scheduling import actions, registry
from scheduling.errors import UnknownJob
from scheduling.models import ChangeCounter, JobRun, JobSchedule, Status

from .conftest import ran


def logged() -> LogEntry:
    return LogEntry.objects.get()


def counted() -> int:
    return ChangeCounter.objects.get().value


def test_a_change_says_what_it_did_and_is_logged_with_before_and_after(
    tides: JobSchedule, ann: User
) -> None:
    assert actions.change(tides, ann, interval_seconds=600) == ["every 4 hours → every 10 minutes"]
    assert JobSchedule.objects.get(pk=tides.pk).interval_seconds == 600
    entry = logged()
    assert entry.user == ann
    assert entry.get_change_message() == "Changed every 4 hours → every 10 minutes."
    note = json.loads(entry.change_message)[0]
    assert note["before"] == {"interval_seconds": 14_400}
    assert note["after"] == {"interval_seconds": 600}
    assert note["revision"] == tides.revision


def test_a_change_to_the_same_is_neither_saved_nor_logged(tides: JobSchedule, ann: User) -> None:
    revision = tides.revision
    assert actions.change(tides, ann, interval_seconds=14_400, paused=False) == []
    tides.refresh_from_db()
    assert tides.revision == revision
    assert not LogEntry.objects.exists()


def test_several_changes_are_told_one_by_one(tides: JobSchedule, ann: User) -> None:
    told = actions.change(tides, ann, cron="30  4 * * *", paused=True, coalesce=False)
    assert told == [
        "every 4 hours → at 04:30 every day (UTC)",
        "paused",
        "coalesce: yes → no",
    ]
    tides.refresh_from_db()
    assert tides.cron == "30 4 * * *"


@pytest.mark.parametrize(
    ("fields", "at", "words"),
    [
        ({"interval_seconds": -1}, "interval_seconds", "from 10 to 31,536,000"),
        ({"interval_seconds": True}, "interval_seconds", "from 10 to 31,536,000"),
        ({"interval_seconds": 10**12}, "interval_seconds", "from 10 to 31,536,000"),
        ({"cron": "61 * * * *"}, "cron", "can't be understood"),
        ({"cron": "0 0 30 2 *"}, "cron", "never comes"),
        ({"cron": 5}, "cron", "text of five fields"),
        ({"timezone": "Mars/Olympus"}, "timezone", "no time zone"),
        ({"timezone": None}, "timezone", "like Europe/Berlin"),
        ({"paused": "yes"}, "paused", "true or false"),
        ({"max_instances": 0}, "max_instances", "greater than or equal to 1"),
        ({"cron": "61 * * * *", "interval_seconds": 60}, "cron", "can't be understood"),
    ],
)
def test_what_cannot_run_cannot_be_saved(
    tides: JobSchedule, ann: User, fields: dict[str, object], at: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.change(tides, ann, **fields)
    assert words in refused.value.message_dict[at][0]
    tides.refresh_from_db()
    assert (tides.interval_seconds, tides.cron, tides.timezone) == (14_400, "", "UTC")


def test_a_stale_edit_is_told_who_changed_what(tides: JobSchedule, people: dict[str, User]) -> None:
    seen = tides.revision
    actions.change(tides, people["root"], interval_seconds=600)
    actions.pause(tides, people["root"])
    with pytest.raises(actions.StaleEdit) as stale:
        actions.change(tides, people["ann"], revision=seen, interval_seconds=60)
    said = str(stale.value)
    assert "root at" in said
    assert "every 4 hours → every 10 minutes; root at" in said
    assert "It is now: every 10 minutes (paused)" in said
    tides.refresh_from_db()
    assert tides.interval_seconds == 600


def test_a_deleted_schedule_can_not_be_changed(tides: JobSchedule, ann: User) -> None:
    JobSchedule.objects.filter(pk=tides.pk).delete()
    with pytest.raises(actions.StaleEdit, match="deleted"):
        actions.pause(tides, ann)


def test_a_schedule_that_nobody_understands_can_still_be_paused_and_unscheduled(
    tides: JobSchedule, ann: User
) -> None:
    JobSchedule.objects.filter(pk=tides.pk).update(cron="61 * * * *", timezone="Mars/Olympus")
    assert actions.pause(tides, ann) == ["paused"]
    assert actions.unschedule(tides, ann) == ["not understood → disabled"]


def test_pausing_and_resuming_are_logged(tides: JobSchedule, ann: User) -> None:
    assert actions.pause(tides, ann) == ["paused"]
    assert actions.pause(tides, ann) == []
    assert actions.resume(tides, ann) == ["resumed"]
    messages = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert messages == ["Changed paused.", "Changed resumed."]


def test_run_now_queues_one_run_and_tells_the_worker(tides: JobSchedule, ann: User) -> None:
    before = counted()
    run = actions.run_now(tides, ann)
    assert (run.status, run.trigger, run.requested_by) == ("queued", "manual", "ann")
    assert run.scheduled_for == run.queued_at
    assert counted() == before + 1
    assert logged().get_change_message() == f"Changed runs (run {run.pk} was queued)."
    with pytest.raises(actions.AlreadyQueued, match="already waits"):
        actions.run_now(tides, ann)
    assert JobRun.objects.count() == 1
    assert LogEntry.objects.count() == 1


def test_run_now_works_on_paused_and_disabled_jobs(tides: JobSchedule, ann: User) -> None:
    actions.change(tides, ann, paused=True, interval_seconds=0)
    assert actions.run_now(tides, ann).pk


def test_a_job_that_the_code_does_not_have_cannot_be_run(tides: JobSchedule, ann: User) -> None:
    registry.unregister("tides")
    with pytest.raises(UnknownJob):
        actions.run_now(tides, ann)


def test_cancelling_a_queued_run_ends_it(tides: JobSchedule, ann: User) -> None:
    run = actions.run_now(tides, ann)
    before = counted()
    actions.cancel(run, ann)
    assert run.status == Status.CANCELLED
    assert run.error == "Cancelled by ann before it started."
    assert run.finished_at
    assert run.cancel_requested_by == "ann"
    assert counted() == before + 1
    assert LogEntry.objects.filter(object_id=run.pk, content_type__model="jobrun").count() == 1


def test_cancelling_a_running_run_asks_once(ann: User) -> None:
    run = ran(status="running", finished_at=None)
    actions.cancel(run, ann)
    asked = run.cancel_requested_at
    actions.cancel(run, ann)
    assert asked
    assert run.cancel_requested_by == "ann"
    assert run.cancel_requested_at == asked
    assert run.status == "running"
    [note] = json.loads(logged().change_message)
    assert (note["action"], note["job"], note["reason"]) == ("asked_to_stop", "tides", "")


def test_what_has_ended_cannot_be_cancelled(ann: User) -> None:
    with pytest.raises(actions.NotActive):
        actions.cancel(ran(), ann)
    assert not LogEntry.objects.exists()


def test_why_somebody_did_it_is_kept(tides: JobSchedule, ann: User) -> None:
    actions.change(tides, ann, interval_seconds=600, reason=" more  often ")
    run = actions.run_now(tides, ann, reason="after the mend")
    actions.cancel(run, ann, reason="not yet")
    notes = [json.loads(entry.change_message)[0] for entry in LogEntry.objects.order_by("pk")]
    assert [note["reason"] for note in notes] == ["more often", "after the mend", "not yet"]
    assert notes[0]["state"]["interval_seconds"] == 600
    assert run.reason == "after the mend"


def test_a_reason_has_an_end(tides: JobSchedule, ann: User) -> None:
    for act in (actions.run_now, actions.change):
        with pytest.raises(ValidationError, match="at most 200 characters"):
            act(tides, ann, reason="x" * 201)
    assert not JobRun.objects.exists()
