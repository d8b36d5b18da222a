"""Which plots are drawn of a comparison: pure."""

from collections.abc import Callable, Sequence

from .figures import duration, is_ours, milliseconds, number, of, share
from .plots import Bar, chart
from .results import Row


def drawn(rows: Sequence[Row]) -> dict[str, str]:
    """SVG by the name of its file."""
    found: dict[str, str] = {}
    for schedules in dict.fromkeys(row.get("schedules", 0) for row in of(rows, "firing")):
        some = of(rows, "firing", schedules)
        words = f"{schedules:,} schedules"
        found[f"fired-{schedules}.svg"] = chart(
            f"Fired of expected, {words}", [_fired(row) for row in some], note="more is better"
        )
        found[f"lateness-{schedules}.svg"] = chart(
            f"Lateness, p99, {words}",
            _bars(some, "late_p99", duration),
            note="slot to the start of the body; logarithmic; less is better",
            logarithmic=True,
        )
        found[f"cpu-{schedules}.svg"] = chart(
            f"CPU a run, with database and broker, {words}",
            _bars(some, "cpu", lambda value: milliseconds(value * 1000)),
            note="logarithmic; less is better",
            logarithmic=True,
        )
    if idle := of(rows, "idle"):
        found["idle.svg"] = chart(
            "Idle: CPU a minute, with database and broker",
            _bars(idle, "cpu", lambda value: f"{number(value, 2)} s"),
            note="10 schedules of an hour; less is better",
        )
    return found


def _bars(rows: Sequence[Row], name: str, shown: Callable[[float], str]) -> list[Bar]:
    return [_bar(row, row["values"].get(name), shown) for row in rows]


def _bar(row: Row, value: float | None, shown: Callable[[float], str]) -> Bar:
    words = "not measured" if value is None else shown(value)
    return Bar(label=row["contestant"], value=value, shown=words, ours=is_ours(row))


def _fired(row: Row) -> Bar:
    fired, expected = row["values"].get("fired"), row["values"].get("expected")
    value = fired / expected if expected else None
    return _bar(row, value, lambda _value: share(fired, expected))
