"""The first page: every job at a glance, with its buttons."""

import html
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django_apscheduler.models import DjangoJob

from mods.models import Channel, GameVersion, Mod, SourceCheck
from scheduling import actions
from scheduling.models import JobRun, JobSchedule, SchedulerProcess, ScheduleState

from .conftest import NOON, SignIn, ran, registered

PARTS = ["/live/jobs/", "/live/failures/", "/live/extra/"]


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def many(schedules: dict[str, JobSchedule], leader: SchedulerProcess, now: datetime) -> None:
    """20 jobs with a history each, and some failures."""
    for number in range(17):
        JobSchedule.objects.create(name=f"job{number:02}", interval_seconds=600)
    for schedule in JobSchedule.objects.all():
        registered(schedule, now + minutes(5))
        JobRun.objects.bulk_create(
            JobRun(
                job_name=schedule.name,
                scheduled_for=now - minutes(10 * number + 1),
                started_at=now - minutes(10 * number),
                finished_at=now - minutes(10 * number) + timedelta(seconds=number),
                status="failed" if number % 9 == 0 else "succeeded",
                error="the sea was away" if number % 9 == 0 else "",
            )
            for number in range(70)
        )


def limited(user: User, *codenames: str) -> Client:
    """Somebody with these rights only."""
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def test_each_job_is_a_row_with_its_schedule_its_runs_and_what_comes(
    as_ann: Client, tides: JobSchedule, leader: SchedulerProcess, now: datetime
) -> None:
    registered(tides, now + minutes(5.5))
    run = ran(at=now - minutes(3))
    page = text(as_ann.get("/"))
    assert '<a href="/jobs/tides/">tides</a>' in page
    assert "every 4 hours" in page
    assert f'<a href="/runs/{run.pk}/"><time' in page
    assert f'id="s{run.pk}"' in page
    assert "in 5 min" in page
    assert "lighthouse:7" in page
    assert "1 of 1 succeeded" in page


def test_the_legend_names_what_bars_look_like(as_ann: Client, tides: JobSchedule) -> None:
    page = text(as_ann.get("/")).partition("What the bars mean")[2].partition("</ul>")[0]
    words = [item.partition("</svg>")[2].partition("</li>")[0] for item in page.split("<li>")]
    for word in ("succeeded", "cancelled", "queued", "running"):
        assert f" {word}" in words


def test_without_a_worker_the_page_says_so_with_the_command(
    as_ann: Client, tides: JobSchedule
) -> None:
    page = text(as_ann.get("/"))
    assert "No worker is running" in page
    assert "python manage.py runscheduler" in page


def test_the_page_for_twenty_jobs_asks_at_most_ten_queries(
    as_ann: Client, many: None, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(10):
        page = as_ann.get("/").content.decode()
    assert page.count('class="st"') == 20
    assert page.count('<a id="s') == 20 * 60


@pytest.mark.parametrize("url", PARTS)
def test_a_part_for_twenty_jobs_asks_at_most_four_queries(
    as_ann: Client, many: None, url: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(4):
        assert as_ann.get(url).status_code == 200


@pytest.mark.parametrize("url", PARTS)
def test_a_part_that_has_not_changed_is_a_304(as_ann: Client, many: None, url: str) -> None:
    first = as_ann.get(url)
    again = as_ann.get(url, headers={"HX-PTag": first["HX-PTag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_carries_the_tags_of_its_parts(as_ann: Client, many: None) -> None:
    page = as_ann.get("/").content.decode()
    for url in PARTS:
        assert f'hx-ptag="{as_ann.get(url)["HX-PTag"]}"' in page


def test_a_new_run_changes_the_table(as_ann: Client, tides: JobSchedule, now: datetime) -> None:
    first = as_ann.get("/live/jobs/")
    run = ran(at=now)
    again = as_ann.get("/live/jobs/", headers={"HX-PTag": first["HX-PTag"]})
    assert f'id="s{run.pk}"' in again.content.decode()


def test_what_runs_or_waits_makes_the_page_look_often(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    registered(tides, now + timedelta(hours=3))
    assert "data-running" not in text(as_ann.get("/live/jobs/"))
    run = ran(at=now, status="running", finished_at=None)
    page = text(as_ann.get("/live/jobs/"))
    assert "data-running" in page
    assert "▶</span> running</span> began" in page
    JobRun.objects.filter(pk=run.pk).update(status="queued", started_at=None)
    assert "data-running" in text(as_ann.get("/live/jobs/"))


def test_a_run_that_goes_on_is_told_behind_many_slots_that_were_skipped(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    ran(at=now - minutes(100), status="running", finished_at=None)
    for number in range(80):
        ran(at=now - minutes(number), status="skipped", started_at=None, finished_at=None)
    assert "▶</span> running</span> began" in text(as_ann.get("/live/jobs/"))


def test_a_last_run_over_twice_its_usual_time_is_marked(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    for number in range(1, 7):
        ran(at=now - minutes(number))
    assert "slow:" not in text(as_ann.get("/live/jobs/"))
    ran(at=now, finished_at=now + timedelta(seconds=9))
    assert "slow: 8.0 s, usually 2.0 s" in text(as_ann.get("/live/jobs/"))


def test_a_pause_is_told_with_its_reason_as_text(
    as_ann: Client, ann: User, tides: JobSchedule, now: datetime
) -> None:
    actions.pause(tides, ann, until=now + timedelta(hours=1), reason="<script>deploy</script>")
    page = as_ann.get("/").content.decode()
    assert "paused until" in page
    assert "&lt;script&gt;deploy" in page
    assert "<script>" not in page
    assert "none while paused" in page


def test_a_schedule_that_can_not_be_applied_says_why_as_text(
    as_ann: Client, tides: JobSchedule
) -> None:
    ScheduleState.objects.create(schedule=tides, problem="<b>bad</b>")
    page = as_ann.get("/").content.decode()
    assert "&lt;b&gt;bad&lt;/b&gt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize("name", ["<script>x</script>", "a/b", "ä ö", "%", "x" * 100])
def test_a_job_with_any_name_is_shown(as_ann: Client, tides: JobSchedule, name: str) -> None:
    JobSchedule.objects.create(name=name, interval_seconds=60)
    ran(name, status="failed", error="no", at=datetime.now(UTC))
    for url in ("/", "/wall/"):
        page = as_ann.get(url)
        assert name in html.unescape(page.content.decode())
        assert b"<script>" not in page.content


def test_who_may_not_see_runs_sees_jobs_without_them(
    people: dict[str, User], tides: JobSchedule, now: datetime
) -> None:
    ran(at=now, status="failed", error="the sea was away")
    page = text(limited(people["staff"], "view_jobschedule").get("/"))
    assert "tides" in page
    assert page.count("vs-failed") == 1
    for told in ("the sea was away", "/runs/", 'class="st"', "What failed last"):
        assert told not in page.replace('<a href="/runs/">Runs</a>', "")


def test_who_may_only_look_is_offered_no_button(
    sign_in: SignIn, tides: JobSchedule, now: datetime
) -> None:
    assert "/settings/tides/run/" not in text(sign_in("monitor").get("/"))
    page = text(sign_in("ann").get("/"))
    for action in ("run", "pause"):
        assert f'action="/settings/tides/{action}/"' in page


@pytest.mark.parametrize("length", ["", "15m", "1h", "4h", "morning"])
def test_pausing_comes_back_to_the_same_rows(
    as_ann: Client, tides: JobSchedule, length: str
) -> None:
    page = as_ann.get("/?q=tid").content.decode()
    assert 'name="next" value="/?q=tid"' in page
    assert f'name="length" value="{length}"' in page
    sent = {"next": "/?q=tid", "length": length, "reason": "deploy"}
    assert as_ann.post("/settings/tides/pause/", sent)["Location"] == "/?q=tid"
    tides.refresh_from_db()
    assert tides.paused
    assert bool(tides.paused_until) == bool(length)
    assert 'action="/settings/tides/resume/"' in text(as_ann.get("/"))


def test_running_now_leads_to_the_new_run(as_ann: Client, tides: JobSchedule) -> None:
    page = as_ann.post("/settings/tides/run/", {"next": "/"}, follow=True)
    assert page.redirect_chain == [(f"/runs/{JobRun.objects.get().pk}/", 302)]
    assert "queued" in text(page)


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_next_never_leads_off_the_site(as_ann: Client, tides: JobSchedule, elsewhere: str) -> None:
    for action in ("run", "pause", "resume"):
        answer = as_ann.post(f"/settings/tides/{action}/", {"next": elsewhere})
        assert "evil" not in answer["Location"]


def test_jobs_are_found_by_their_name(as_ann: Client, schedules: dict[str, JobSchedule]) -> None:
    page = text(as_ann.get("/?q=TID"))
    assert "/jobs/tides/" in page
    assert "/jobs/stars/" not in page
    assert 'value="TID"' in page
    assert "No job has such a name." in text(as_ann.get("/?q=nobody"))


def test_many_jobs_are_paged_by_name(as_ann: Client, schedules: dict[str, JobSchedule]) -> None:
    for number in range(70):
        JobSchedule.objects.create(name=f"job{number:02}", interval_seconds=600)
    first = text(as_ann.get("/"))
    assert first.count('class="ov-job"') == 50
    assert 'href="/?after=job49"' in first
    second = text(as_ann.get("/?after=job49"))
    assert second.count('class="ov-job"') == 23
    assert 'href="/?" rel="first"' in second
    assert 'hx-get="/live/jobs/?after=job49"' in second


@pytest.mark.parametrize(
    "query",
    [
        "?q=%25%5F'\"<script>",
        "?after=%FF%FE",
        "?q=" + "x" * 3000,
        "?after=zzz&q=&q=[]",
        "?nothing=1",
    ],
)
def test_nonsense_in_the_address_gives_the_page(
    as_ann: Client, schedules: dict[str, JobSchedule], query: str
) -> None:
    for url in ("/", "/live/jobs/", "/wall/"):
        page = as_ann.get(url + query)
        assert page.status_code == 200
        assert b"<script>" not in page.content


def test_no_job_at_all_says_what_to_do(as_ann: Client, db: None) -> None:
    JobSchedule.objects.all().delete()
    assert "python manage.py migrate" in text(as_ann.get("/"))


@pytest.fixture
def known(db: None, now: datetime) -> None:
    """The catalogue was read 9 hours ago, the versions just now."""
    for name, seconds in (("mod_cache_refresh", 14_400), ("server_versions_check", 86_400)):
        JobSchedule.objects.get_or_create(name=name, defaults={"interval_seconds": seconds})
    for number, (version, channel, latest) in enumerate(
        [("1.22.0", "stable", True), ("1.23.0-rc.1", "unstable", True), ("1.21.9", "stable", False)]
    ):
        GameVersion.objects.create(
            version=version,
            packed=100 - number,
            channel=channel,
            is_latest=latest,
            first_seen_at=now - timedelta(days=2),
            changed_at=now,
        )
    SourceCheck.objects.create(source=SourceCheck.CATALOGUE, checked_at=now - timedelta(hours=9))
    for channel in Channel.values:
        SourceCheck.objects.create(source=channel, checked_at=now - minutes(1))
    for number, delisted in ((1, None), (2, None), (3, now)):
        Mod.objects.create(
            modid=number,
            assetid=number,
            name="m",
            author="a",
            type="mod",
            first_seen_at=now,
            changed_at=now,
            delisted_at=delisted,
        )


def test_the_newest_versions_and_how_fresh_all_is(as_ann: Client, known: None) -> None:
    page = text(as_ann.get("/live/extra/"))
    for told in ("1.22.0", "latest stable", "latest unstable", "first seen", "1.21.9"):
        assert told in page
    assert ">2</a> mods" in page
    assert "out of date</span> last looked at" in page
    assert "fresh</span> last looked at" in page


def test_mods_are_counted_whether_some_all_or_none_are_gone(as_ann: Client, known: None) -> None:
    Mod.objects.update(delisted_at=None)
    assert ">3</a> mods" in text(as_ann.get("/live/extra/"))
    Mod.objects.update(delisted_at=NOON)
    assert "</a> mods" not in text(as_ann.get("/live/extra/"))
    Mod.objects.all().delete()
    assert "</a> mods" not in text(as_ann.get("/live/extra/"))


def test_a_catalogue_is_fresh_for_twice_the_interval_of_its_job(
    as_ann: Client, known: None
) -> None:
    JobSchedule.objects.filter(name="mod_cache_refresh").update(interval_seconds=5 * 3600)
    assert "out of date" not in text(as_ann.get("/live/extra/"))
    JobSchedule.objects.filter(name="mod_cache_refresh").update(interval_seconds=0)
    assert "Its job has no schedule." in text(as_ann.get("/live/extra/"))


def test_mods_and_versions_are_for_those_who_may_see_them(
    people: dict[str, User], known: None
) -> None:
    client = limited(people["staff"], "view_jobschedule", "view_mod")
    page = text(client.get("/live/extra/"))
    assert "mods" in page
    assert "1.22.0" not in page
    assert text(limited(people["staff"], "view_jobschedule").get("/live/extra/")) == ""


def test_nothing_was_ever_looked_at(as_ann: Client, known: None) -> None:
    for model in (SourceCheck, GameVersion, Mod):
        model.objects.all().delete()
    page = text(as_ann.get("/live/extra/"))
    assert page.count("never looked at") == 2
    assert "No mod is known yet." in page


def test_jobs_that_the_worker_forgot_are_no_error(as_ann: Client, many: None) -> None:
    DjangoJob.objects.all().delete()
    ScheduleState.objects.all().delete()
    assert "not known yet" in text(as_ann.get("/"))
