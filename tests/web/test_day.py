"""The schedule of the day."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from scheduling import day
from scheduling.forecast import Meeting
from scheduling.lanes import Mark, window
from scheduling.models import JobRun, JobSchedule, SchedulerProcess
from scheduling.registry import safe_job
from scheduling.templatetags.day import Words, meeting_mark, runs_between

from .conftest import NOON, SignIn, ran, registered

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def body(client: Client, url: str = "/day/") -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def marks(page: str) -> list[str]:
    """What the marks of the chart say."""
    return [unescape(each) for each in re.findall(r"<title>([^<]*)</title></a>", page)]


def live_url(page: str) -> str:
    found = re.search(r'hx-get="(/day/live/[^"]*)"', page)
    assert found
    return unescape(found[1])


def test_a_run_is_a_link_that_says_when_and_what(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    run = ran(at=now - 2 * HOUR, status="failed")
    page = body(as_ann)
    assert f'<a href="/runs/{run.pk}/"><rect class="day-failed"' in page
    [said] = [each for each in marks(page) if "failed" in each]
    assert said.startswith(f"tides: {now - 2 * HOUR + timedelta(seconds=1):%Y-%m-%d %H:%M:%S}")


@pytest.mark.parametrize(
    ("status", "shape"),
    [
        *(("missed", '<use href="#day-missed"'), ("skipped", '<use href="#day-skipped"')),
        *(("cancelled", '<rect class="day-cancelled"'), ("lost", '<rect class="day-lost"')),
        *(("timed_out", '<rect class="day-timed_out"'), ("succeeded", '<rect class="day-succ')),
    ],
)
def test_each_outcome_has_its_shape(
    as_ann: Client, tides: JobSchedule, now: datetime, status: str, shape: str
) -> None:
    run = ran(at=now - HOUR, status=status)
    assert f'<a href="/runs/{run.pk}/">{shape}' in body(as_ann)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ({"kind": "succeeded"}, "2026-05-04 12:00:00 – 13:00:00, succeeded"),  # noqa: RUF001
        ({"kind": "missed", "end": NOON}, "2026-05-04 12:00:00, missed"),
        ({"kind": "running"}, "2026-05-04 12:00:00, running"),
        ({"kind": "planned"}, "2026-05-04 12:00:00, planned"),
        (
            {"kind": "succeeded", "count": 5},
            "5 runs from 2026-05-04 12:00:00 to 2026-05-04 13:00:00, succeeded",
        ),
        (
            {"kind": "failed", "count": 5, "bad": 2},
            "5 runs from 2026-05-04 12:00:00 to 2026-05-04 13:00:00, 2 of them did not go well",
        ),
    ],
)
def test_a_mark_says_how_long_or_how_many_and_how_many_went_badly(
    mark: dict[str, Any], words: str
) -> None:
    drawn = Mark(**{"begin": NOON, "end": NOON + HOUR, "x": 50, "width": 4, **mark})
    assert Words(window("24h", NOON, UTC)).of(drawn) == words


def test_the_list_behind_a_mark_holds_its_runs_to_the_last_second(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    at = now - 2 * HOUR
    seconds = [timedelta(seconds=each) for each in (-121, 0, 10, 11.5)]
    runs = [ran(at=at + each, status="missed") for each in seconds]
    listed = body(as_ann, runs_between("tides", at, at + seconds[2], UTC))
    assert [f'"/runs/{run.pk}/"' in listed for run in runs] == [False, True, True, False]


def test_what_is_to_come_is_drawn_from_the_planned_run_on(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    registered(tides, now + HOUR)
    planned = [each for each in marks(body(as_ann)) if each.startswith("tides")]
    assert planned == [
        f"tides: {now + HOUR + number * 4 * HOUR:%Y-%m-%d %H:%M:%S}, planned"
        for number in range(len(planned))
    ]
    assert len(planned) == 3


def test_a_paused_job_has_nothing_to_come_until_its_pause_ends(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    JobSchedule.objects.exclude(name="tides").update(interval_seconds=0, cron="")
    registered(tides, now + HOUR)
    JobSchedule.objects.filter(name="tides").update(paused=True)
    assert not marks(body(as_ann))
    JobSchedule.objects.filter(name="tides").update(paused_until=now + 4 * HOUR)
    assert marks(body(as_ann)) == [
        f"tides: {now + later * HOUR:%Y-%m-%d %H:%M:%S}, planned" for later in (5, 9)
    ]


def test_disabled_and_vanished_jobs_have_nothing_to_come(
    as_ann: Client, schedules: dict[str, JobSchedule]
) -> None:
    JobSchedule.objects.update(interval_seconds=0, cron="")
    JobSchedule.objects.create(name="gone", interval_seconds=3600)
    page = body(as_ann)
    assert 'title="gone"' in page
    assert not marks(page)


def test_a_running_job_reaches_up_to_now_and_keeps_the_page_lively(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    ran(at=now - 6 * HOUR, status="running", finished_at=None)
    page = body(as_ann)
    assert "data-running" in page
    [width] = re.findall(r'class="day-running" x="[\d.]+%" y="7" width="([\d.]+)%"', page)
    assert 24 < float(width) < 26


def test_a_run_that_began_long_before_the_window_is_seen_while_it_runs(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    run = ran(at=now - 50 * HOUR, status="running", finished_at=None)
    assert f'href="/runs/{run.pk}/"' in body(as_ann)


def test_a_run_that_has_ended_since_is_drawn_as_it_ended(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    run = ran(at=now - HOUR, status="running", finished_at=None)
    url = live_url(body(as_ann))
    JobRun.objects.update(status="failed", finished_at=now)
    later = body(as_ann, url)
    assert f'href="/runs/{run.pk}/"><rect class="day-failed"' in later
    assert "data-running" not in later


def test_the_part_holds_what_began_since_and_not_what_was_over(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    old = ran(at=now - HOUR)
    url = live_url(body(as_ann))
    new = ran(at=datetime.now(UTC), status="running", finished_at=None)
    part = body(as_ann, url)
    assert f"/runs/{new.pk}/" in part
    assert f"/runs/{old.pk}/" not in part


def test_a_part_that_has_not_changed_is_a_304(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    registered(tides, now + HOUR)
    url = live_url(body(as_ann))
    tag = as_ann.get(url)["HX-PTag"]
    # A minute may have passed just then.
    assert 304 in {as_ann.get(url, headers={"HX-PTag": tag}).status_code for _ in range(2)} or (
        as_ann.get(url)["HX-PTag"] != tag
    )


def test_jobs_that_begin_together_are_marked_and_listed(
    as_ann: Client, schedules: dict[str, JobSchedule], now: datetime
) -> None:
    at = (now + HOUR).replace(second=10)
    registered(schedules["tides"], at)
    registered(schedules["stars"], at + timedelta(seconds=20))
    page = body(as_ann)
    assert f"{at:%Y-%m-%d %H:%M}:00: stars, tides" in marks(page)
    told = page[page.index('id="day-meetings"') :]
    assert re.search(r"</time>: stars, tides\s*</li>", told)


def test_many_jobs_that_begin_together_are_named_in_part(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    JobSchedule.objects.update(interval_seconds=0, cron="")
    names = [f"meets{number}" for number in range(8)]
    for name in names:
        safe_job(name)(lambda: None)
        registered(JobSchedule.objects.create(name=name, interval_seconds=14_400), now + HOUR)
    page = body(as_ann)
    first = next(each for each in marks(page) if "meets0, meets1" in each)
    assert first == f"{now + HOUR:%Y-%m-%d %H:%M}:00: {', '.join(names[:6])} and 2 more"
    told = " ".join(page[page.index('id="day-meetings"') :].split())
    assert told.count(f"</time>: {', '.join(names[:6])} and 2 more</li>") == 3
    assert "more in this window" not in told


@pytest.mark.parametrize(
    ("count", "also", "told"),
    [
        (6, 0, "a, b, c, d, e, f"),
        (6, 3, "a, b, c, d, e, f; more of them nearby: 3"),
        (9, 1, "a, b, c, d, e, f and 3 more; more of them nearby: 1"),
    ],
)
def test_the_mark_of_a_meeting_tells_of_more_jobs_and_more_meetings(
    count: int, also: int, told: str
) -> None:
    shown = window("24h", NOON, UTC)
    meeting = Meeting(at=NOON, names=tuple("abcdefghi"[:count]), also=also)
    drawn = meeting_mark(meeting, Words(shown), shown)
    assert marks(drawn) == [f"2026-05-04 12:00:00: {told}"]


def test_many_runs_are_drawn_as_few_marks_with_a_link_to_the_list(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    JobRun.objects.bulk_create(
        JobRun(
            job_name="tides",
            status="succeeded",
            scheduled_for=now - timedelta(seconds=10 * number),
            started_at=now - timedelta(seconds=10 * number),
            finished_at=now - timedelta(seconds=10 * number - 1),
        )
        for number in range(1, 3_000)
    )
    page = body(as_ann)
    static = page[: page.index('id="live-day"')]
    assert len(marks(static)) <= day.MAX_MARKS + 1
    assert "more runs than can be drawn" in static
    [link] = {unescape(each) for each in re.findall(r'"(/runs/\?[^"]*)"><rect class="day-b', page)}
    assert f"&until={now - timedelta(seconds=1_499):%Y-%m-%dT%H:%M:%S}" in link
    assert b"tides" in as_ann.get(link).content


def test_a_busy_schedule_is_drawn_as_strokes(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    JobSchedule.objects.filter(name="tides").update(interval_seconds=600)
    registered(tides, now + MINUTE)
    page = body(as_ann)
    assert "every 10 minutes, planned" in page
    assert page.count("planned</title>") < 10
    shown = window("24h", now, UTC)
    page = body(as_ann, f"/day/?at={now:%Y-%m-%dT%H:%M}")
    strokes = [int(place) for place in re.findall(r"M(\d+) 0v10", page)]
    ahead = range(len(strokes))
    assert strokes == [round(shown.x(now + (1 + 10 * each) * MINUTE) * 10) for each in ahead]
    assert len(strokes) > 60


def test_a_schedule_that_runs_more_often_than_can_be_drawn_is_one_band(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    JobSchedule.objects.filter(name="tides").update(interval_seconds=60)
    registered(tides, now + MINUTE)
    page = body(as_ann)
    assert "tides: every minute, more often than can be drawn" in page
    assert "planned 150 times" not in page
    assert "day-strokes" not in page


def test_the_band_of_what_is_to_come_reaches_from_the_next_run_to_the_end(
    as_ann: Client, tides: JobSchedule, now: datetime
) -> None:
    JobSchedule.objects.filter(name="tides").update(interval_seconds=60)
    registered(tides, now + MINUTE)
    page = body(as_ann, f"/day/?at={now:%Y-%m-%dT%H:%M}")
    [(x, width)] = re.findall(r'class="day-band" x="([\d.]+)%" y="9" width="([\d.]+)%"', page)
    assert float(x) == window("24h", now, UTC).x(now + MINUTE)
    assert float(x) + float(width) == pytest.approx(100)


def test_lanes_lie_below_each_other_inside_the_chart(
    as_ann: Client, schedules: dict[str, JobSchedule]
) -> None:
    page = body(as_ann)
    back, front = page[: page.index('id="live-day"')], page[page.index('id="live-day"') :]
    lanes = re.findall(r'<svg y="(\d+)" width="100%" height="28" data-lane="(\w+)"', front)
    assert [int(y) for y, _lane in lanes] == [32 + 28 * row for row in range(len(schedules) + 1)]
    assert (
        re.findall(r'<svg y="(\d+)" width="100%" height="28" data-lane="(\w+)"', back)
        == (lanes[1:])
    )
    [height] = set(re.findall(r'<svg class="day-\w+" width="100%" height="(\d+)"', page))
    assert int(lanes[-1][0]) + 28 <= int(height) < int(lanes[-1][0]) + 2 * 28


def test_only_marks_and_names_are_links(as_ann: Client, tides: JobSchedule, now: datetime) -> None:
    registered(tides, now + HOUR)
    ran(at=now - HOUR)
    page = body(as_ann)
    chart = page[page.index('class="day-chart"') : page.index('id="day-said"')]
    assert all(
        "day-name" in each or "day-meetings" in each or "/jobs/" in each or "/runs/" in each
        for each in re.findall(r"<a [^>]*>", chart)
    )
    assert "<script" not in chart
    assert "style=" not in page
    assert " onclick" not in page


def test_it_takes_few_queries(
    sign_in: SignIn,
    schedules: dict[str, JobSchedule],
    leader: SchedulerProcess,
    now: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    for name, schedule in schedules.items():
        registered(schedule, now + HOUR)
        ran(name, now - HOUR)
        ran(name, now - MINUTE, status="running", finished_at=None)
    client = sign_in("monitor")
    with django_assert_max_num_queries(7):
        page = body(client)
    with django_assert_max_num_queries(4):
        body(client, live_url(page))


def test_lanes_come_thirty_at_a_time(
    as_ann: Client, schedules: dict[str, JobSchedule], django_assert_max_num_queries: Any
) -> None:
    JobSchedule.objects.bulk_create(
        JobSchedule(name=f"many_{number:04}", interval_seconds=60) for number in range(5_000)
    )
    with django_assert_max_num_queries(7):
        page = body(as_ann)
    assert page.count('class="day-name"') == day.LANES
    found = re.search(r'<a href="([^"]*)" rel="next">More jobs', page)
    assert found
    following = body(as_ann, "/day/" + unescape(found[1]))
    assert following.count('class="day-name"') == day.LANES
    names = set(re.findall(r'title="(many_\d+)"', page))
    assert names.isdisjoint(re.findall(r'title="(many_\d+)"', following))
    assert ('rel="first"' in page, 'rel="first"' in following) == (False, True)


@pytest.mark.parametrize(
    "query",
    [
        *("?span=1y", "?at=yesterday", "?at=0001-01-01T00:00", "?at=9999-12-31T23:59:59-12:00"),
        *("?at=2026-02-30T00:00", "?at=1", "?span=%3Cscript%3E", f"?at={'9' * 400}"),
    ],
)
def test_nonsense_gives_the_page_around_now_and_says_so(
    as_ann: Client, tides: JobSchedule, query: str
) -> None:
    page = body(as_ann, f"/day/{query}")
    assert 'class="errornote" role="alert"' in page
    assert "day-now" in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    "query",
    [
        *("", "?open=1.x.99999999999999999999.-3&from=never", "?open=<script>", "?after=zzz"),
        "?at=2026-10-25T02:30&span=7d&from=2026-10-25",
    ],
)
def test_the_part_survives_nonsense(as_ann: Client, tides: JobSchedule, query: str) -> None:
    assert "<script>" not in body(as_ann, f"/day/live/{query}")


def test_windows_of_other_times_are_one_click_away(as_ann: Client, tides: JobSchedule) -> None:
    ran(at=datetime(2026, 5, 4, 12, tzinfo=UTC))
    page = body(as_ann, "/day/?at=2026-05-05T12:00")
    assert not marks(page)
    found = re.search(r'<a href="([^"]*)" rel="prev">', page)
    assert found
    assert any("tides" in each for each in marks(body(as_ann, "/day/" + unescape(found[1]))))


@pytest.mark.parametrize("span", ["24h", "7d"])
def test_later_leads_back_from_earlier(as_ann: Client, tides: JobSchedule, span: str) -> None:
    def seen(page: str) -> list[str]:
        return re.findall(r'<p class="day-window">([^<]*)</p>', page)

    page = body(as_ann, f"/day/?span={span}&at=2026-05-05T12:00")
    earlier = body(as_ann, "/day/" + unescape(re.findall(r'href="([^"]*)" rel="prev"', page)[0]))
    later = body(as_ann, "/day/" + unescape(re.findall(r'href="([^"]*)" rel="next"', earlier)[0]))
    assert seen(later) == seen(page) != seen(earlier)


@pytest.mark.parametrize("at", ["12:00%2B05:00", "12:00+05:00", "07:00Z", "07:00"])
def test_a_time_without_an_offset_is_one_of_the_pages_clock(
    as_ann: Client, tides: JobSchedule, at: str
) -> None:
    page = body(as_ann, f"/day/?at=2026-05-05T{at}")
    assert "Mon 4 May 2026, 19:00 – Tue 5 May 2026, 19:00" in page  # noqa: RUF001


def test_markup_in_a_name_stays_text(as_ann: Client, jobs: None, now: datetime) -> None:
    JobSchedule.objects.create(name='<script>alert("1")</script>/..', interval_seconds=3600)
    ran('<script>alert("1")</script>/..', now - HOUR)
    assert "<script>alert" not in body(as_ann)


def test_who_may_not_see_runs_sees_what_is_to_come_only(
    sign_in: SignIn, people: Any, tides: JobSchedule, now: datetime
) -> None:
    from django.contrib.auth.models import Permission

    people["staff"].user_permissions.add(
        Permission.objects.get(codename="view_jobschedule", content_type__app_label="scheduling")
    )
    registered(tides, now + HOUR)
    ran(at=now - HOUR)
    ran(at=now - MINUTE, status="running", finished_at=None)
    page = body(sign_in("staff"))
    assert "/runs/" not in page[page.index('class="day-chart"') :]
    assert any("planned" in each for each in marks(page))
    assert "/runs/" not in body(sign_in("staff"), live_url(page))


def test_it_says_so_when_there_is_no_job(as_ann: Client, db: None) -> None:
    JobSchedule.objects.all().delete()
    assert "There is no job to show." in body(as_ann)
