"""The other commands, as a shell sees them."""

import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests.waiting import wait_until

from .databases import SERVER

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("name", "code", "statuses"),
    [("nap", 0, ["succeeded"]), ("fail", 1, ["failed"]), ("nope", 2, [])],
)
def test_runjob_tells_by_its_exit_code_how_it_went(installation, name, code, statuses):
    done = installation.manage("runjob", name, NAP="0")
    assert done.returncode == code, done.stderr
    assert installation.runs(name) == statuses
    if code < 2:
        assert f"{name}_started" in done.stderr


def test_runjob_names_the_jobs_there_are(installation):
    assert "Registered jobs: crash, fail" in installation.manage("runjob", "nope").stderr


def test_runjob_does_not_run_what_is_running_already(installation):
    now = datetime.now(UTC)
    installation.add_run("nap", "running", now)
    installation.sql(
        "INSERT INTO scheduling_schedulerprocess (host, pid, started_at, heartbeat_at)"
        " VALUES ('elsewhere', 1, %s, %s)",
        now, now,
    )  # fmt: skip
    installation.sql("UPDATE scheduling_jobrun SET process_id = 1")
    done = installation.manage("runjob", "nap")
    assert done.returncode == 1
    assert "is running already" in done.stderr


def test_runjob_closes_what_a_killed_one_left_open(installation):
    installation.add_run("nap", "running", datetime.now(UTC))
    assert installation.manage("runjob", "nap", NAP="0").returncode == 0
    assert installation.runs("nap") == ["lost", "succeeded"]


def test_a_run_in_the_foreground_shows_its_log_while_it_goes_on(installation):
    process = installation.start("manage.py", "runjob", "recite")
    running = "SELECT count(*) FROM scheduling_jobrun WHERE status = 'running'"
    wait_until(lambda: installation.count(f"{running} AND progress IS NOT NULL"), 15)
    log = installation.sql("SELECT CAST(log AS text) FROM scheduling_jobrun")[0][0]
    assert '"verse"' in log
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_in_the_foreground_is_cancelled_by_a_signal(installation, number):
    process = installation.start("manage.py", "runjob", "listen")
    wait_until(installation.napping.exists, 10)
    process.send_signal(number)
    assert process.wait(10) == 1
    assert installation.runs("listen") == ["cancelled"]


def test_a_run_in_the_foreground_can_be_cancelled_from_elsewhere(installation):
    process = installation.start("manage.py", "runjob", "listen")
    wait_until(installation.napping.exists, 10)
    installation.sql("UPDATE scheduling_jobrun SET cancel_requested_at = %s", datetime.now(UTC))
    assert process.wait(10) == 1
    assert installation.runs("listen") == ["cancelled"]


def test_a_run_in_the_foreground_has_the_deadline_of_its_schedule(installation):
    installation.sql("UPDATE scheduling_jobschedule SET timeout_seconds = 1")
    assert installation.manage("runjob", "listen").returncode == 1
    assert installation.runs("listen") == ["timed_out"]


def test_jobs_shows_the_table(installation):
    installation.manage("runjob", "nap", NAP="0")
    lines = installation.manage("jobs").stdout.splitlines()
    assert lines[0].split() == ["NAME", "SCHEDULE", "NEXT", "RUN", "LAST", "RESULT"]
    assert [line.split()[0] for line in lines[1:]] == [
        "crash", "fail", "listen", "mod_cache_refresh", "nap", "pruneruns", "rave",
        "recite", "send_news", "server_versions_check", "tick",
    ]  # fmt: skip
    assert "disabled" in lines[5]
    assert "succeeded" in lines[5]
    assert "every second" in lines[11]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://root:secret@localhost/x"),
        ("SECRET_KEY_FILE", "/dev/null"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_setting_is_refused_in_one_line_that_names_it(installation, variable, value):
    clean = {"SECRET_KEY": ""} if variable == "SECRET_KEY_FILE" else {}
    done = installation.manage("check", **clean, **{variable: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"vsmanager can't start: {variable} ")
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr


@pytest.mark.skipif(bool(SERVER), reason="about SQLite")
def test_options_of_sqlite_that_would_lock_the_worker_out_are_refused_with_the_fix(installation):
    url = installation.env["DATABASE_URL"] + "?transaction_mode=DEFERRED"
    done = installation.manage("check", "--database", "default", DATABASE_URL=url)
    assert done.returncode == 1
    assert "scheduling.E001" in done.stderr
    assert "IMMEDIATE" in done.stderr


def test_pruneruns_keeps_the_newest_and_says_what_went(installation):
    for day in range(100, 200, 2):
        installation.add_run("nap", "succeeded", datetime.now(UTC) - timedelta(days=day))
    assert installation.manage("pruneruns", "--dry-run").stdout == "30 runs would be deleted.\n"
    assert installation.manage("pruneruns").stdout == "30 runs deleted.\n"
    assert len(installation.runs("nap")) == 20
    more = installation.manage("pruneruns", "--dry-run", RUNS_KEPT_PER_JOB="15")
    assert more.stdout == "5 runs would be deleted.\n"


@pytest.mark.skipif(bool(SERVER), reason="about SQLite")
@pytest.mark.parametrize("command", [["runscheduler"], ["procrastinate", "worker"], ["check"]])
def test_procrastinate_on_sqlite_is_refused_at_the_start(installation, command):
    done = installation.manage(*command, SCHEDULER_EXECUTOR="procrastinate")
    assert done.returncode == 1
    assert "needs PostgreSQL, and DATABASE_URL names SQLite" in done.stderr
    assert "Traceback" not in done.stderr
