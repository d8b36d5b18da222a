"""/metrics: what it tells, to whom, and that it says so when the database is away."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.test import Client
from django_apscheduler.models import DjangoJob
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from scheduling import counting
from scheduling.metrics import exposition, views
from scheduling.models import JobRun, JobSchedule, RunCount, SchedulerProcess

pytestmark = pytest.mark.django_db
TOKEN = "a token of 26 characters!!"


def scrape(**headers):
    return Client(SERVER_NAME="localhost").get("/metrics", headers=headers)


def samples(**headers):
    """Each sample's value by its name and labels."""
    response = scrape(**headers)
    assert response.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


@pytest.fixture
def tides():
    JobSchedule.objects.all().delete()
    RunCount.objects.all().delete()
    return JobSchedule.objects.create(name="tides", interval_seconds=600)


def counted(**fields):
    return RunCount.objects.create(
        job_name="tides",
        counts={
            "runs": {"succeeded": 5, "lost": 1},
            "took": {"number": 6, "sum": 12.5, "0.5": 2, "1": 6},
            "late": {"number": 6, "sum": 0.6, "0.1": 5, "0.25": 6},
        },
        **fields,
    )


def test_it_counts_runs_by_job_and_status(tides):
    counted()
    found = samples()
    assert found["scheduling_runs_total", "succeeded", "tides"] == 5
    assert found["scheduling_runs_total", "lost", "tides"] == 1
    # So that the first failure is seen as one more.
    assert found["scheduling_runs_total", "failed", "tides"] == 0


def test_durations_and_lags_are_histograms(tides):
    counted()
    found = samples()
    assert found["scheduling_run_duration_seconds_bucket", "0.5", "tides"] == 2
    assert found["scheduling_run_duration_seconds_bucket", "+Inf", "tides"] == 6
    assert found["scheduling_run_duration_seconds_sum", "tides"] == 12.5
    assert found["scheduling_run_lag_seconds_bucket", "0.1"] == 5
    assert found["scheduling_run_lag_seconds_count",] == 6


def test_a_job_that_never_ran_has_its_zeros(tides):
    found = samples()
    assert found["scheduling_runs_total", "succeeded", "tides"] == 0
    assert found["scheduling_run_duration_seconds_count", "tides"] == 0
    assert found["scheduling_run_duration_seconds_sum", "tides"] == 0
    assert found["scheduling_run_duration_seconds_bucket", "0.5", "tides"] == 0
    assert found["scheduling_run_lag_seconds_sum",] == 0


def test_it_tells_for_how_long_a_job_has_had_no_success(tides):
    now = datetime.now(UTC)
    counted(succeeded_at=now - timedelta(hours=3), failed_at=now - timedelta(hours=1))
    found = samples()
    assert found["scheduling_job_seconds_since_success", "tides"] == pytest.approx(10_800, abs=30)
    assert found["scheduling_job_interval_seconds", "tides"] == 600
    assert found["scheduling_job_failing", "tides"] == 1
    RunCount.objects.update(succeeded_at=now)
    assert samples()["scheduling_job_failing", "tides"] == 0


def test_a_job_that_never_succeeded_is_waited_for_from_when_it_was_scheduled(tides):
    JobSchedule.objects.update(created_at=datetime.now(UTC) - timedelta(days=1))
    age = samples()["scheduling_job_seconds_since_success", "tides"]
    assert age == pytest.approx(86_400, abs=30)


def test_nobody_waits_for_a_job_that_is_paused_or_disabled(tides):
    JobSchedule.objects.create(name="stars", interval_seconds=0)
    JobSchedule.objects.filter(name="tides").update(paused=True)
    found = samples()
    assert found["scheduling_job_paused", "tides"] == 1
    assert not [key for key in found if key[0] == "scheduling_job_seconds_since_success"]


def test_the_interval_of_a_cron_text_is_its_longest_gap(tides):
    JobSchedule.objects.filter(name="tides").update(cron="0 4 * * 1-5", timezone="UTC")
    assert samples()["scheduling_job_interval_seconds", "tides"] == 3 * 86_400


def test_a_cron_text_that_nobody_understands_breaks_nothing(tides):
    JobSchedule.objects.filter(name="tides").update(cron="99 99 * * *")
    assert ("scheduling_job_interval_seconds", "tides") not in samples()


def test_it_tells_who_leads_and_who_was_heard_from(tides):
    now = datetime.now(UTC)
    assert samples()["scheduling_leader",] == 0
    SchedulerProcess.objects.create(host="mole", pid=7, heartbeat_at=now, leading_since=now)
    silent = now - timedelta(seconds=60)
    SchedulerProcess.objects.create(host="quay", pid=8, heartbeat_at=silent)
    SchedulerProcess.objects.create(host="pier", pid=9, heartbeat_at=now, stopped_at=now)
    found = samples()
    assert found["scheduling_leader",] == 1
    beats = {key[1:]: age for key, age in found.items() if key[0].endswith("heartbeat_age_seconds")}
    assert set(beats) == {("mole:7", "scheduler", "yes"), ("no", "quay:8", "scheduler")}
    assert beats["no", "quay:8", "scheduler"] == pytest.approx(60, abs=10)


def test_it_tells_what_waits_and_what_goes_on(tides):
    now = datetime.now(UTC)
    JobSchedule.objects.create(name="stars", interval_seconds=600, paused=True)
    due = now - timedelta(seconds=90)
    add = JobRun.objects.create
    add(job_name="tides", trigger="manual", scheduled_for=due)
    later = now + timedelta(hours=1)
    add(job_name="tides", trigger="retry", scheduled_for=due, attempt=2, not_before=later)
    add(job_name="stars", trigger="startup", scheduled_for=due)
    add(job_name="tides", scheduled_for=now, status="running", claimed_at=now)
    goes_on = {"status": "running", "claimed_at": now, "started_at": now}
    add(job_name="stars", scheduled_for=now, **goes_on)
    add(job_name="stars", trigger="manual", scheduled_for=now, attempt=2, **goes_on)
    add(job_name="stars", trigger="manual", scheduled_for=due, attempt=2)
    found = samples()
    for state, number in {"waiting": 2, "claimed": 1, "running": 2}.items():
        assert found["scheduling_open_runs", state] == number
    assert found["scheduling_longest_wait_seconds",] == pytest.approx(90, abs=10)


def test_it_tells_how_late_the_next_slot_is_once_that_has_come(tides):
    DjangoJob.objects.all().delete()
    slot = DjangoJob.objects.create(
        id="tides", next_run_time=datetime.now(UTC) + timedelta(hours=1), job_state=b""
    )
    assert samples()["scheduling_overdue_seconds",] == 0
    slot.next_run_time -= timedelta(hours=2)
    slot.save()
    assert samples()["scheduling_overdue_seconds",] == pytest.approx(3_600, abs=30)


def test_it_tells_how_long_it_took_to_read(tides, monkeypatch):
    clock = iter([2.0, 4.5])
    monkeypatch.setattr(views, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    assert samples()["scheduling_scrape_seconds",] == 2.5


def test_jobs_beyond_the_limit_have_no_metrics_of_their_own(tides, settings):
    JobSchedule.objects.create(name="stars", interval_seconds=600)
    settings.METRICS_JOBS = 1
    names = {label for key in samples() for label in key[1:]}
    assert "tides" in names
    assert "stars" not in names


def test_it_asks_few_questions_whatever_there_is(tides, django_assert_max_num_queries):
    for number in range(30):
        JobSchedule.objects.create(name=f"job{number}", interval_seconds=60)
    with django_assert_max_num_queries(12):
        samples()


def test_other_apps_tell_theirs_too(tides, monkeypatch):
    monkeypatch.setattr(exposition, "_sources", [*exposition._sources])

    @exposition.register
    def boats():
        yield GaugeMetricFamily("boats", "At sea.", value=3)

    assert samples()["boats",] == 3


def test_openmetrics_is_spoken_to_who_asks_for_it(tides):
    response = scrape(accept="application/openmetrics-text;version=1.0.0")
    assert response["Content-Type"].startswith("application/openmetrics-text")
    assert response.content.endswith(b"# EOF\n")


def test_it_is_never_kept_by_a_cache(tides):
    assert "no-store" in scrape()["Cache-Control"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 401),
        (f"Basic {TOKEN}", 401),
        ("Bearer \u00fc", 401),
        ("", 401),
    ],
)
def test_with_a_token_who_has_it_may_read(tides, settings, given, status):
    settings.METRICS_TOKEN = TOKEN
    response = scrape(authorization=given)
    assert response.status_code == status
    assert ("WWW-Authenticate" in response) == (status == 401)


def test_with_a_token_it_is_read_from_anywhere(tides, settings):
    settings.METRICS_TOKEN = TOKEN
    client = Client(SERVER_NAME="localhost", REMOTE_ADDR="203.0.113.9")
    headers = {"authorization": f"Bearer {TOKEN}", "x-forwarded-for": "203.0.113.9"}
    assert client.get("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_without_a_token_this_machine_may_read(tides, address):
    assert Client(SERVER_NAME="localhost", REMOTE_ADDR=address).get("/metrics").status_code == 200


@pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.1", "", "unix:"])
def test_without_a_token_nobody_else_finds_it(tides, address):
    assert Client(SERVER_NAME="localhost", REMOTE_ADDR=address).get("/metrics").status_code == 404


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"]
)
def test_what_a_proxy_on_this_machine_passes_on_is_not_from_here(tides, header):
    assert scrape(**{header: "127.0.0.1"}).status_code == 404


def test_nor_is_what_was_asked_of_another_host(tides, settings):
    settings.ALLOWED_HOSTS = ["mods.example.org"]
    assert Client(SERVER_NAME="mods.example.org").get("/metrics").status_code == 404


def test_nor_is_anything_where_a_proxy_is_said_to_be(tides, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert scrape().status_code == 404


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_this_machine_may_be_called_by_any_of_its_names(tides, host):
    assert Client().get("/metrics", headers={"host": host}).status_code == 200


def test_it_is_only_read(tides):
    assert Client(SERVER_NAME="localhost").post("/metrics").status_code == 405


def test_without_a_database_it_says_so(tides, monkeypatch):
    def away():
        raise OperationalError("the database is away")

    monkeypatch.setattr(exposition, "_sources", [away])
    assert samples() == {("scheduling_database_up",): 0}


def test_names_of_jobs_can_not_break_a_line(tides):
    JobSchedule.objects.create(name='odd"\n\\name', interval_seconds=60)
    assert samples()["scheduling_job_interval_seconds", 'odd"\n\\name'] == 60


def test_nothing_can_be_called_like_all_others():
    from scheduling.registry import safe_job

    with pytest.raises(ValueError, match="can't be the name"):
        safe_job(counting.OTHERS)
