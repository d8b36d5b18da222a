"""Reconcile: what people set becomes what is scheduled, and nothing else is touched."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django_apscheduler.models import DjangoJob
from structlog.testing import capture_logs

from scheduling import registry, schedules
from scheduling.models import Cause, JobRun, JobSchedule, ScheduleState, Status
from scheduling.registry import safe_job

from .leader import NOON, Leader, rows, schedule


def next_run(name="noop"):
    return DjangoJob.objects.get(id=name).next_run_time


def events(logs):
    return [log["event"] for log in logs]


def test_a_new_schedule_is_registered_and_says_when_and_by_whom(leader):
    row = schedule(interval_seconds=600)
    with capture_logs() as logs:
        leader.look()
    assert events(logs) == ["job_registered"]
    assert next_run() == NOON + timedelta(minutes=10)
    state = ScheduleState.objects.get(schedule=row)
    assert (state.applied_revision, state.applied_at) == (row.revision, NOON)
    assert state.applied_by == str(leader.presence.process)


def test_nothing_is_written_when_nothing_changed(leader, django_assert_num_queries):
    schedule(interval_seconds=600)
    leader.look()
    with django_assert_num_queries(2) as queries:
        leader.reconciler.run()
    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)


def test_interval_0_is_not_registered(leader):
    schedule(interval_seconds=0)
    leader.look()
    assert not DjangoJob.objects.exists()


def test_a_shorter_interval_counts_from_the_last_slot(leader, clock):
    schedule(interval_seconds=3_600)
    leader.look()
    clock.forward(hours=1)
    leader.turn()
    leader.end_runs()
    clock.forward(minutes=5)
    schedule(interval_seconds=600)
    leader.look()
    assert next_run() == NOON + timedelta(hours=1, minutes=10)


def test_an_interval_that_has_passed_already_starts_now(leader, clock):
    schedule(interval_seconds=3_600)
    leader.look()
    clock.forward(hours=1)
    leader.turn()
    leader.end_runs()
    clock.forward(minutes=15)
    schedule(interval_seconds=600)
    leader.look()
    assert [run.scheduled_for for run in leader.started] == [clock.now]


def test_a_changed_cron_waits_for_its_next_match(leader, clock):
    schedule(cron="0 * * * *")
    leader.look()
    clock.forward(minutes=40)
    schedule(cron="30 * * * *")
    leader.look()
    assert leader.started == []
    assert next_run() == NOON + timedelta(hours=1, minutes=30)


def test_a_change_of_policy_keeps_the_next_run(leader, clock):
    schedule(interval_seconds=3_600)
    leader.look()
    clock.forward(minutes=40)
    schedule(max_instances=3)
    leader.look()
    assert next_run() == NOON + timedelta(hours=1)
    assert leader.service.get_job("noop").max_instances == 3


def test_a_restart_keeps_the_next_run(leader, clock):
    schedule(interval_seconds=6)
    leader.look()
    for _ in range(4):
        clock.forward(seconds=4)
        leader = Leader(clock)
        leader.look()
        leader.end_runs()
    assert [slot for slot, status in rows() if status == "succeeded"] == ["12:00:06", "12:00:12"]


def test_the_projection_can_be_thrown_away(leader, clock):
    schedule(interval_seconds=600)
    leader.look()
    clock.forward(minutes=10)
    leader.turn()
    leader.end_runs()
    DjangoJob.objects.all().delete()
    clock.forward(minutes=1)
    leader.look()
    assert next_run() == NOON + timedelta(minutes=20)


def test_slots_are_not_forgotten_when_the_projection_is(leader, clock):
    schedule(cron="*/10 * * * *")
    leader.look()
    clock.forward(minutes=10)
    leader.turn()
    leader.end_runs()
    DjangoJob.objects.all().delete()
    clock.forward(minutes=35)
    leader.look()
    assert rows() == [("12:10:00", "succeeded"), ("12:20:00", "missed")]
    assert JobRun.objects.get(status="missed").slots == 3


def test_pausing_and_resuming_keeps_the_grid_and_tells_what_was_left_out(leader, clock):
    schedule(interval_seconds=600)
    leader.look()
    schedule(paused=True)
    leader.look()
    assert next_run() is None
    clock.forward(minutes=25)
    leader.turn()
    schedule(paused=False)
    leader.look()
    assert leader.started == []
    assert next_run() == NOON + timedelta(minutes=30)
    left_out = JobRun.objects.get()
    assert (left_out.status, left_out.slots) == (Status.MISSED, 2)
    assert left_out.error.startswith("The schedule was paused")


def test_a_restart_does_not_resume_a_paused_job(leader, clock):
    schedule(interval_seconds=600, paused=True)
    leader.look()
    clock.forward(minutes=20)
    Leader(clock).look()
    assert next_run() is None


def test_disabling_removes_the_job_and_enabling_brings_it_back(leader, clock):
    schedule(interval_seconds=600)
    leader.look()
    with capture_logs() as logs:
        schedule(interval_seconds=0)
        leader.look()
        assert not DjangoJob.objects.exists()
        clock.forward(minutes=1)
        schedule(interval_seconds=60)
        leader.look()
    assert events(logs) == ["job_removed", "job_registered"]
    assert next_run() == NOON + timedelta(minutes=2)


def test_slots_that_had_come_when_the_schedule_was_changed_leave_a_row(leader, clock):
    schedule(cron="*/10 * * * *")
    leader.look()
    clock.forward(minutes=25)
    schedule(cron="0 0 * * *")
    Leader(clock).look()
    assert rows() == [("12:10:00", "missed")]
    assert "The schedule was changed" in JobRun.objects.get().error


def test_a_schedule_that_cannot_be_understood_shows_it_on_its_own_row(leader):
    good, bad = schedule("noop", interval_seconds=60), schedule("failing", interval_seconds=60)
    leader.look()
    JobSchedule.objects.filter(pk=bad.pk).update(cron="61 * * * *")
    leader.look()
    assert "minute" in ScheduleState.objects.get(schedule=bad).problem
    assert ScheduleState.objects.get(schedule=good).problem == ""
    assert list(DjangoJob.objects.values_list("id", flat=True)) == ["noop"]
    JobSchedule.objects.filter(pk=bad.pk).update(cron="")
    leader.look()
    assert ScheduleState.objects.get(schedule=bad).problem == ""


def test_a_schedule_whose_job_is_gone_says_so_and_nothing_is_deleted(leader):
    row = schedule(interval_seconds=60)
    leader.look()
    registry.unregister("noop")
    leader.look()
    assert "no job of this name" in ScheduleState.objects.get(schedule=row).problem
    assert DjangoJob.objects.filter(id="noop").exists()


def test_a_deleted_schedule_takes_its_job_along_but_not_its_history(leader, clock):
    row = schedule(interval_seconds=60)
    leader.look()
    clock.forward(minutes=1)
    leader.turn()
    row.delete()
    leader.look()
    assert not DjangoJob.objects.exists()
    assert rows() == [("12:01:00", "running")]


def test_an_edit_by_hand_in_sql_is_found_by_the_full_look(leader):
    row = schedule(interval_seconds=600)
    leader.look()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scheduling_jobschedule SET interval_seconds = 60 WHERE id = %s", [row.pk]
        )
    leader.look()
    assert next_run() == NOON + timedelta(minutes=1)


def test_a_next_run_that_somebody_meddled_with_is_put_right(leader, clock):
    schedule(interval_seconds=600)
    leader.look()
    for meddled in (None, NOON + timedelta(days=365)):
        DjangoJob.objects.update(next_run_time=meddled)
        leader.look()
        assert next_run() == NOON + timedelta(minutes=10)


def test_when_the_clock_is_set_back_the_job_does_not_wait_for_the_old_time(leader, clock):
    schedule(interval_seconds=600)
    leader.look()
    clock.forward(minutes=10)
    leader.turn()
    leader.end_runs()
    clock.forward(hours=-1)
    leader.look()
    assert next_run() == clock.now + timedelta(minutes=10, microseconds=1)


def test_another_leaders_edit_is_not_overlooked(leader, clock):
    schedule(interval_seconds=600)
    other = Leader(clock)
    for one in (leader, other):
        one.look()
    schedule(interval_seconds=60)
    other.look()
    leader.look()
    clock.forward(minutes=1)
    leader.turn()
    assert next_run() == NOON + timedelta(minutes=2)


@pytest.fixture
def eager(cast):
    @safe_job("eager", interval_seconds=600, run_at_once=True)
    def eager() -> None: ...

    return eager


def test_a_job_that_has_never_run_can_run_at_once(eager, leader):
    schedules.add_missing()
    leader.look()
    leader.look()
    assert [(run.job_name, run.scheduled_for) for run in leader.started] == [("eager", NOON)]
    assert JobRun.objects.get().trigger == Cause.STARTUP
    assert next_run("eager") == NOON + timedelta(minutes=10)


def test_a_job_that_has_run_waits_for_its_slot_after_a_restart(eager, leader, clock):
    schedules.add_missing()
    leader.look()
    leader.end_runs(Status.FAILED)
    DjangoJob.objects.all().delete()
    clock.forward(minutes=1)
    other = Leader(clock)
    other.look()
    assert other.started == []


def test_add_missing_never_overwrites_what_a_person_set(eager, db):
    schedules.add_missing()
    schedule("eager", interval_seconds=0)
    assert schedules.add_missing() == []
    assert JobSchedule.objects.get(name="eager").interval_seconds == 0


def test_a_pause_with_an_end_ends_by_itself(leader, clock):
    schedule(interval_seconds=600, paused=True, paused_until=NOON + timedelta(minutes=25))
    leader.look()
    assert next_run() is None
    assert leader.reconciler.next_resume == NOON + timedelta(minutes=25)
    clock.forward(minutes=25)
    leader.look()
    assert next_run() == NOON + timedelta(minutes=30)
    assert JobRun.objects.get().slots == 2
    assert JobSchedule.objects.get().paused


def test_an_edit_while_the_job_is_unknown_is_applied_when_it_is_known_again(leader, cast):
    schedule(interval_seconds=60)
    leader.look()
    job = registry.get("noop")
    registry.unregister("noop")
    JobSchedule.objects.update(interval_seconds=3_600)
    leader.look()
    registry._jobs["noop"] = job
    leader.look()
    assert leader.service.get_job("noop").trigger.seconds == 3_600
    assert ScheduleState.objects.get().problem == ""


def test_an_edit_that_could_not_be_applied_is_tried_again(leader, monkeypatch):
    schedule(interval_seconds=60)
    leader.look()
    row = schedule(interval_seconds=3_600)
    with monkeypatch.context() as broken:
        broken.setattr(leader.service, "add", lambda *_args, **_options: 1 / 0)
        leader.look()
    assert "ZeroDivisionError" in ScheduleState.objects.get().problem
    assert ScheduleState.objects.get().applied_revision < row.revision
    leader.look()
    assert leader.service.get_job("noop").trigger.seconds == 3_600


def test_slots_of_a_paused_schedule_that_is_disabled_leave_a_row(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    schedule(paused=True)
    leader.look()
    clock.forward(minutes=10)
    schedule(interval_seconds=0)
    leader.look()
    assert JobRun.objects.get().slots == 10


@pytest.mark.parametrize(
    ("interval", "slots", "until"), [(60, 10, NOON + timedelta(minutes=10)), (600, 1, None)]
)
def test_slots_of_a_schedule_that_is_deleted_leave_a_row(leader, clock, interval, slots, until):
    row = schedule(interval_seconds=interval)
    leader.look()
    clock.forward(minutes=10)
    row.delete()
    leader.look()
    run = JobRun.objects.get()
    assert (run.slots, run.until) == (slots, until)


def test_after_the_clock_is_set_back_no_run_is_dropped(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    for _ in range(30):
        clock.forward(minutes=1)
        leader.turn()
        leader.end_runs()
    before = JobRun.objects.count()
    clock.now = clock.now - timedelta(minutes=30) + timedelta(milliseconds=1)
    leader.look()
    for _ in range(20):
        clock.forward(minutes=1)
        leader.turn()
        leader.end_runs()
    assert JobRun.objects.count() == before + 20


def test_a_first_run_that_had_to_wait_for_the_end_of_a_pause_comes_then(eager, leader):
    schedules.add_missing()
    schedule("eager", paused=True)
    leader.look()
    assert leader.started == []
    schedule("eager", paused=False)
    leader.look()
    assert [run.job_name for run in leader.started] == ["eager"]


@pytest.fixture
def many(cast, monkeypatch):
    """More jobs than are looked at in one go, and the names of their schedules."""
    monkeypatch.setattr("scheduling.reconcile.SLICE", 10)
    monkeypatch.setattr("scheduling.reconcile.MANY", 5)
    names = [f"job{number:02}" for number in range(25)]
    for name in names:
        safe_job(name, interval_seconds=600)(lambda: None)
    return names


def test_many_new_schedules_are_registered_like_one(many, leader):
    schedules.add_missing()
    with capture_logs() as logs:
        leader.reconciler.run()
    assert {log["job"] for log in logs if log["event"] == "job_registered"} >= set(many)
    assert {next_run(name) for name in many} == {NOON + timedelta(minutes=10)}
    for state in ScheduleState.objects.filter(schedule__name__in=many).select_related("schedule"):
        assert state.applied_spec == state.schedule.spec(NOON)
        assert state.applied_revision == state.schedule.revision
        assert (state.applied_at, state.applied_by) == (NOON, str(leader.presence.process))
    job = leader.service.get_job(many[0])
    assert (job.args, job.max_instances, job.misfire_grace_time) == ((many[0],), 1, 60)


def test_among_many_new_schedules_each_gets_what_it_asks_for(many, leader, clock):
    schedules.add_missing()
    schedule(many[0], paused=True)
    schedule(many[1], interval_seconds=0)
    schedule(many[2], cron="0 13 * * *")
    JobSchedule.objects.filter(name=many[3]).update(cron="61 * * * *")
    before = NOON - timedelta(minutes=1)
    JobRun.objects.create(job_name=many[4], scheduled_for=before, status=Status.SUCCEEDED)
    leader.reconciler.run()
    assert next_run(many[0]) is None
    assert not DjangoJob.objects.filter(id__in=(many[1], many[3])).exists()
    assert next_run(many[2]) == NOON + timedelta(hours=1)
    assert "minute" in ScheduleState.objects.get(schedule__name=many[3]).problem
    assert next_run(many[4]) == before + timedelta(minutes=10)
    assert next_run(many[5]) == NOON + timedelta(minutes=10)


def test_what_another_leader_registers_meanwhile_is_not_registered_twice(many, leader, clock):
    schedules.add_missing()
    real = leader.service.add_new

    def late(jobs):
        Leader(clock).reconciler.run()
        real(jobs)

    leader.service.add_new = late
    leader.reconciler.run()
    assert DjangoJob.objects.filter(id__in=many).count() == len(many)
    assert {next_run(name) for name in many} == {NOON + timedelta(minutes=10)}


def test_an_edit_of_one_of_many_is_found_without_a_look_at_the_others(
    many, leader, django_assert_max_num_queries
):
    schedules.add_missing()
    leader.look()
    schedule("job24", interval_seconds=60)
    with django_assert_max_num_queries(20) as queries:
        leader.reconciler.run()
    assert next_run("job24") == NOON + timedelta(minutes=1)
    assert not any("job23" in query["sql"] for query in queries.captured_queries)


def test_a_look_at_all_takes_a_slice_at_a_time_and_comes_to_an_end(many, leader):
    schedules.add_missing()
    leader.look()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduling_jobschedule SET interval_seconds = 60")
        cursor.execute("DELETE FROM scheduling_schedulestate WHERE applied_revision < 0")
    leader.reconciler.look_at_all()
    found, slices = [], 0
    while leader.reconciler.goes_on or not slices:
        leader.reconciler.run()
        slices += 1
        soon = DjangoJob.objects.filter(next_run_time=NOON + timedelta(minutes=1))
        found.append(soon.filter(id__in=many).count())
    assert slices == 3
    assert found[0] < found[1] < found[2] == len(many)


def test_schedules_that_were_deleted_or_inserted_by_hand_in_sql_are_found(many, leader):
    schedules.add_missing()
    leader.look()
    safe_job("job99")(lambda: None)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM scheduling_schedulestate WHERE schedule_id IN"
            " (SELECT id FROM scheduling_jobschedule WHERE name = 'job00')"
        )
        cursor.execute("UPDATE scheduling_jobschedule SET name = 'job99' WHERE name = 'job00'")
    leader.look()
    assert not DjangoJob.objects.filter(id="job00").exists()
    assert next_run("job99") == NOON + timedelta(minutes=10)


def test_who_leads_again_knows_what_the_other_did_meanwhile(leader, clock):
    row = schedule(interval_seconds=600)
    leader.look()
    other = Leader(clock)
    other.look()
    JobSchedule.objects.filter(pk=row.pk).update(interval_seconds=60)
    other.look()
    leader.reconciler.start_over()
    leader.reconciler.run()
    clock.forward(minutes=1)
    leader.turn()
    assert next_run() == NOON + timedelta(minutes=2)


def test_pauses_that_end_are_ended_whatever_else_changes(many, leader, clock):
    schedules.add_missing()
    leader.look()
    for name in many[:12]:
        schedule(name, paused=True, paused_until=NOON + timedelta(minutes=5))
    leader.reconciler.run()
    assert leader.reconciler.next_resume == NOON + timedelta(minutes=5)
    clock.forward(minutes=5)
    leader.reconciler.run()
    assert leader.reconciler.next_resume is None
    assert {next_run(name) for name in many} == {NOON + timedelta(minutes=10)}


def test_a_pause_that_ends_while_the_database_leaves_is_ended_once_it_is_back(
    leader, clock, monkeypatch
):
    """Guard: ``self._put_off |= waiting`` in scheduling/reconcile.py."""
    schedule(interval_seconds=600, paused=True, paused_until=NOON + timedelta(minutes=5))
    leader.look()
    clock.forward(minutes=5)
    with monkeypatch.context() as away:
        away.setattr(leader.reconciler, "_look", _gone)
        with pytest.raises(OperationalError):
            leader.reconciler.run()
    leader.reconciler.run()
    assert next_run() == NOON + timedelta(minutes=10)


def _gone(rows, _now):
    if rows:
        raise OperationalError("server closed the connection unexpectedly")


def test_a_pause_that_ended_while_nobody_looked_is_ended_at_the_next_look(leader, clock):
    schedule(interval_seconds=600, paused=True, paused_until=NOON + timedelta(minutes=5))
    leader.look()
    clock.forward(minutes=7)
    leader.reconciler.run()
    assert next_run() == NOON + timedelta(minutes=10)


def test_a_pause_that_ended_by_itself_is_told_once(leader, clock, django_assert_num_queries):
    schedule(interval_seconds=600, paused=True, paused_until=NOON + timedelta(minutes=5))
    leader.look()
    clock.forward(minutes=5)
    leader.look()
    state = JobSchedule.objects.get().state
    assert (state.applied_spec["paused"], state.applied_at) == (False, clock.now)
    clock.forward(minutes=1)
    leader.look()
    assert JobSchedule.objects.get().state.applied_at == NOON + timedelta(minutes=5)


def test_few_schedules_are_few_once_they_are_known(leader, monkeypatch):
    schedule(interval_seconds=600)
    assert not leader.reconciler.few
    leader.look()
    assert leader.reconciler.few
    monkeypatch.setattr("scheduling.reconcile.SLICE", 0)
    assert not leader.reconciler.few


def test_one_that_cannot_be_read_keeps_none_after_it_from_being_looked_at(
    many, leader, monkeypatch
):
    """SQL wrote into its row what no schedule can hold."""
    monkeypatch.setattr("scheduling.reconcile.SLICE", 5)
    schedules.add_missing()
    never = "infinity" if connection.vendor == "postgresql" else "2026-13-01 00:00:00"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scheduling_jobschedule SET paused_until = %s WHERE name = %s", [never, many[1]]
        )
    leader.look()
    state = ScheduleState.objects.get(schedule__name=many[1])
    assert "can't be read" in state.problem
    assert {next_run(name) for name in many if name != many[1]} == {NOON + timedelta(minutes=10)}


def test_an_edit_that_changes_nothing_for_the_worker_is_taken_note_of(leader):
    schedule(interval_seconds=600)
    leader.look()
    row = schedule(timeout_seconds=5)
    leader.look()
    assert ScheduleState.objects.get(schedule=row).applied_revision == row.revision
