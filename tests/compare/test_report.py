"""What the comparison writes: tables, plots, and where a peer is better."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks.compare import better, figures, pictures, plots, report, tables
from benchmarks.compare.plots import Bar

from .rows import ABSENT, OURS, OURS_TOO, PEER, QUICK, fired, results, row


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def line_of(text: str, name: str) -> list[str]:
    [line] = [line for line in text.splitlines() if line.startswith(f"| {name} ")]
    return cells(line)


def firing(*rows) -> str:
    return "\n".join(tables.firing(rows))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0003, "0.30 ms"), (0.0042, "4.2 ms"), (0.043, "43 ms"), (2.1, "2.10 s"), (17.9, "17.9 s")],
)
def test_durations_are_shown_in_the_unit_that_fits(seconds, shown):
    assert figures.duration(seconds) == shown


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (2_000, "100 %"),
        (2_001, "100 %"),
        (2_200, "110 %"),
        (1_999, "99.95 %"),
        (1_999.99, "99.99 %"),
        (96, "4.8 %"),
        (0, "0 %"),
    ],
)
def test_only_what_is_complete_is_a_hundred_per_cent(part, shown):
    assert figures.share(part, 2_000) == shown


def test_a_reason_tells_neither_paths_nor_addresses_of_this_machine():
    said = "No file /tmp/compare1/db.sqlite3 | see https://mirror.example/simple/x\nmore"
    assert figures.reason(said) == "No file … / see … more"
    assert len(figures.reason("long " * 100)) <= 160


def test_each_figure_stands_beside_ours_on_the_same_database():
    text = firing(OURS, OURS_TOO, PEER, fired("celery-beat, no results", cpu=0.004))
    assert "**100 schedules**" in text
    assert line_of(text, "huey, Redis") == [
        *("huey, Redis", "no", "50 % (once a minute)", "10 ms / 2.35 s / 30 ms", "117 ×"),  # noqa: RUF001
        *("0.10 ms", "0.80 ms", "4.0 ×", "70 MB"),  # noqa: RUF001
    ]
    assert "10.0 ×" in line_of(text, "celery-beat, no results")  # noqa: RUF001


def test_who_was_not_measured_says_why_in_the_same_table():
    assert line_of(firing(OURS, ABSENT), "celery-beat, no results")[1] == ABSENT["problem"]
    assert "celery-beat, no results: firing 100: There is no redis-server" in report.text(
        results(OURS, ABSENT)
    )


def test_without_ours_there_are_no_ratios():
    assert "×" not in firing(PEER)  # noqa: RUF001


def test_idle_costs_and_queries_stand_in_one_table():
    name = "vsmanager, PostgreSQL"
    text = tables.idle(
        [
            row("idle", name, cpu=0.25, cpu_own=0.1, queries=30.4),
            row("queries", name, queries=1.06),
            row("idle", "huey, Redis", cpu=0.5, cpu_own=0.5, commands=422.0),
        ]
    )
    assert line_of(text, name)[1:] == ["0.10 s", "0.25 s", "1.0 ×", "30", "–", "1.1", "–"]  # noqa: RUF001
    assert line_of(text, "huey, Redis")[5] == "422"


def test_edits_doubles_and_kills_stand_in_one_row_each():
    text = tables.trouble(
        [
            row("apply", "a", median=0.1, max=2.5, edits=5),
            row("doubles", "a", doubled=19, expected=200),
            row("kill", "a", repeated="yes", after=90.0, history="Success"),
            row("apply", "b", note="not within 15 s"),
            row("kill", "b", "it ended by itself"),
            row("apply", "c", "its schedules stand in the code"),
        ]
    )
    assert line_of(text, "a")[1:] == [
        *("100 ms / 2.50 s", "19 of 200", "Success", "yes, 90.0 s after it began")
    ]
    assert line_of(text, "b")[1:] == ["not within 15 s", "–", "it ended by itself", "–"]  # noqa: RUF001
    assert line_of(text, "c")[1] == "its schedules stand in the code"


def test_ingest_is_told_in_times_of_decoding():
    text = tables.ingest(
        [
            row(
                "ingest",
                "vsmanager, SQLite",
                mods=4852,
                loads=0.02,
                first=1,
                same=0.05,
                changed=0.06,
            )
        ]
    )
    assert line_of(text, "vsmanager, SQLite")[1:] == [
        *("4,852", "20 ms"),
        *("1.00 s (50.0 ×)", "50 ms (2.5 ×)", "60 ms (3.0 ×)"),  # noqa: RUF001
    ]


def test_it_says_where_a_peer_is_better():
    found = better.sentences([OURS, PEER, QUICK])
    assert "APScheduler, memory, 100 schedules: lateness p99 5.0 ms, ours 20 ms." in found
    assert len([each for each in found if each.startswith("huey")]) == 0


def test_who_is_quick_because_little_fired_is_told_so():
    peer = fired("django-apscheduler, SQLite", 200, cpu=0.0001)
    [sentence] = better.sentences([OURS, peer])
    assert sentence.endswith("but it fired 10 %.")


def test_who_has_a_minute_for_it_is_not_better_for_firing_all():
    [sentence] = better.sentences([fired("vsmanager, SQLite", 1_500), fired("huey, Redis", cpu=0)])
    assert sentence.startswith("huey, Redis, 100 schedules: CPU a run")
    assert sentence.endswith("but it fires once a minute.")


def test_who_fires_more_than_ours_is_told():
    found = better.sentences([fired("vsmanager, SQLite", 1_500), PEER, QUICK])
    assert "APScheduler, memory, 100 schedules: fired 100 % of expected, ours 75 %." in found


def test_to_fire_more_than_is_expected_is_no_merit():
    assert better.sentences([OURS, fired("APScheduler, memory", 2_001)]) == ["Nowhere in this run."]


def test_a_difference_within_what_runs_differ_by_is_none():
    near = fired("APScheduler, memory", late_p99=0.019)
    assert better.sentences([OURS, near]) == ["Nowhere in this run."]


def test_who_repeats_a_killed_run_is_better():
    ours = row("kill", "vsmanager, PostgreSQL", repeated="not within 60 s", history="lost")
    peer = row("kill", "django-q2, PostgreSQL", repeated="yes", after=35.0, history="Success")
    [sentence] = better.sentences([ours, peer])
    assert "repeats a run that was killed (35.0 s after it began)" in sentence


def test_what_people_wrote_around_the_tables_stays():
    page = f"# Mine\n\n{report.BEGIN}\nold\n{report.END}\n\nmy words \\1\n"
    written = report.between(page, "new \\1")
    assert written == f"# Mine\n\n{report.BEGIN}\n\nnew \\1\n\n{report.END}\n\nmy words \\1\n"
    assert report.between(written, "new \\1") == written


def test_a_page_without_a_place_for_them_is_refused():
    with pytest.raises(SystemExit, match="no place"):
        report.between("# Mine", "new")


def test_the_tables_are_written_again_without_measuring(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text(f"{report.BEGIN}{report.END}")
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "fired-9.svg").write_text("of a former run")
    report.write_docs(results(OURS, PEER), page, tmp_path / "plots")
    drawn = {path.name for path in (tmp_path / "plots").iterdir()}
    assert drawn == {"fired-100.svg", "lateness-100.svg", "cpu-100.svg"}
    text = page.read_text()
    assert all(f"(plots/{name})" in text for name in drawn)
    for said in ("2026-11-25", "abc1234", "a machine, 2 cores", "Python 3.11.7", "20 s of firing"):
        assert said in text


def test_a_plot_is_a_picture_with_its_figures_in_words():
    drawn = pictures.drawn([OURS, PEER, ABSENT])["lateness-100.svg"]
    root = ET.fromstring(drawn)  # noqa: S314 - written above
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}rect")) == 3
    assert "celery-beat, no results: not measured" in root.findtext(f"{space}desc", "")
    assert "prefers-color-scheme: dark" in root.findtext(f"{space}style", "")


def test_a_label_can_hold_anything():
    ET.fromstring(  # noqa: S314 - written here
        plots.chart("a < b & c", [Bar(label="<x>", value=1, shown="1 & 2")])
    )


@pytest.mark.parametrize(
    ("value", "logarithmic", "length"),
    [(100, False, 1), (10, False, 0.1), (None, False, 0), (0, True, 0), (100, True, 1)],
)
def test_the_longest_bar_takes_all_the_room(value, logarithmic, length):
    assert plots.part(value, [100, 10], logarithmic=logarithmic) == pytest.approx(length)


def test_on_a_logarithmic_plot_each_decade_is_as_long():
    lengths = [plots.part(value, [1, 10, 100], logarithmic=True) for value in (1, 10, 100)]
    assert lengths == pytest.approx([1 / 3, 2 / 3, 1])
