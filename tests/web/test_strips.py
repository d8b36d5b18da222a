"""The strip of a job's last slots: which bar stands for what, and where it leads."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduling.models import Status
from scheduling.strips import BOTTOM, LINE, SLOTS, Slot, in_short, strip, told

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def slot(
    number: int = 1, status: str = "succeeded", seconds: float | None = 2, **more: Any
) -> Slot:
    at = NOON + timedelta(minutes=number)
    fields = {
        "id": number,
        "status": status,
        "scheduled_for": at,
        "started_at": None if seconds is None else at,
        "finished_at": None if seconds is None else at + timedelta(seconds=seconds),
        "slots": 1,
    }
    return Slot(**{**fields, **more})  # type: ignore[arg-type]


def drawn(*slots: Slot) -> str:
    return strip(slots, "tides", UTC, "en")


def shapes(svg: str) -> list[str]:
    """Of each bar what is seen, without its place."""
    return [
        re.sub(r"M[0-9.]+ ", "M ", path) for path in re.findall(r'/><path d="([^"]+)"/></a>', svg)
    ]


def heights(svg: str) -> list[int]:
    return [int(height) for height in re.findall(r"h4v-([0-9]+)h-4z\"/></a>", svg)]


def test_each_bar_leads_to_its_run_and_says_when_and_what() -> None:
    svg = drawn(slot(41, "failed"), slot(42))
    assert svg.count("<a ") == 2
    assert 'href="/runs/41/"' in svg
    assert "<title>2026-05-04 12:41:00, failed, 2.0 s</title>" in svg
    assert 'class="st-succeeded"' in svg


def test_only_the_newest_bar_is_a_tab_stop() -> None:
    svg = drawn(slot(1), slot(2), slot(3))
    assert svg.count('tabindex="-1"') == 2
    assert re.search(r'<a id="s3"[^>]*class="st-succeeded">', svg)


def test_the_newest_bar_stands_at_the_right_edge_however_few_there_are() -> None:
    width = SLOTS * 5 - 1
    assert f'd="M{width - 4} 18' in drawn(slot())
    full = drawn(*(slot(number) for number in range(SLOTS)))
    assert 'd="M0 18' in full
    assert f'd="M{width - 4} 18' in full


def test_longer_runs_have_higher_bars_against_the_longest_of_the_job() -> None:
    short, middle, longest = heights(
        drawn(slot(1, seconds=0), slot(2, seconds=6), slot(3, seconds=60))
    )
    assert 3 == short < middle < longest == 18
    assert heights(drawn(slot(1, seconds=0.006), slot(2, seconds=0.06)))[1] == 18
    # A tenth of the longest is no tenth of the height: short runs can be told apart.
    assert middle > 18 / 10 * 3


def test_the_shape_tells_the_outcome_without_its_colour() -> None:
    kinds = {
        status: shapes(drawn(slot(1, status, None if status in ("missed", "queued") else 2)))[0]
        for status in ("succeeded", "failed", "cancelled", "missed", "running")
    }
    assert len(set(kinds.values())) == len(kinds)
    for status in ("failed", "timed_out", "lost"):
        assert "M 22" in shapes(drawn(slot(1, status)))[0]


@pytest.mark.parametrize(
    ("status", "pieces"),
    [
        *(("succeeded", [(0, LINE)]), ("failed", [(0, LINE), (BOTTOM - 3, BOTTOM)])),
        ("cancelled", [(LINE - 3, LINE), (LINE - 8, LINE - 5)]),
        *(("missed", [(LINE - 5.5, LINE - 0.5)]), ("running", [(LINE - 13.5, LINE - 0.5)])),
    ],
)
def test_all_but_the_foot_of_a_failure_stands_on_the_line_and_a_cancelled_bar_has_a_gap(
    status: str, pieces: list[tuple[float, float]]
) -> None:
    [shape] = shapes(drawn(slot(1, status)))
    found = re.findall(r"M ([0-9.]+)h[0-9]v-([0-9]+)h-[0-9]z", shape)
    assert [(float(low) - int(high), float(low)) for low, high in found] == pieces


@pytest.mark.parametrize("status", Status.values)
def test_every_status_can_be_drawn_and_told(status: str) -> None:
    each = slot(1, status, None)
    assert f'class="st-{status}"' in drawn(each)
    assert str(Status(status).label) in told(each, UTC)


def test_a_row_that_stands_for_many_slots_says_how_many() -> None:
    assert told(slot(1, "missed", None, slots=12), UTC).endswith("missed, stands for 12 slots")
    assert "slots" not in told(slot(1, "missed", None), UTC)


def test_an_end_before_the_start_is_no_negative_height() -> None:
    assert heights(drawn(slot(1, seconds=-5), slot(2, seconds=5))) == [3, 18]


def test_the_name_of_the_strip_is_text() -> None:
    assert "<b>" not in strip((slot(),), 'of <b>"me"</b>', UTC, "en")


def test_no_slot_is_an_empty_strip() -> None:
    assert drawn().count("<a ") == 0


def test_in_short_what_still_goes_on_does_not_count() -> None:
    slots = [slot(1), slot(2, "failed"), slot(3, "missed", None), slot(4, "running", None)]
    assert in_short(slots) == "1 of 3 succeeded"
