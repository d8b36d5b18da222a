"""The tables of a comparison, in Markdown: pure."""

from collections.abc import Callable, Iterator, Sequence

from . import contestants
from .figures import NOTHING, duration, milliseconds, number, of, ours_for, reason, share, times
from .results import Row

Columns = dict[str, Callable[[Row], str]]


def table(rows: Sequence[Row], columns: Columns, first: str = "system") -> str:
    """A line for each row; one without figures tells why there are none."""
    lines = [f"| {' | '.join([first, *columns])} |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        if row["values"]:
            cells = [column(row) for column in columns.values()]
        else:
            cells = [reason(row["problem"]), *[""] * (len(columns) - 1)]
        lines.append(f"| {' | '.join([row['contestant'], *cells])} |")
    return "\n".join(lines)


def firing(rows: Sequence[Row]) -> Iterator[str]:
    """A table for each number of schedules."""
    for schedules in dict.fromkeys(row.get("schedules", 0) for row in of(rows, "firing")):
        yield f"**{schedules:,} schedules**, all on the same slot:"
        yield table(of(rows, "firing", schedules), _firing_columns(rows))


def _firing_columns(rows: Sequence[Row]) -> Columns:
    def lates(row: Row) -> str:
        values = row["values"]
        return " / ".join(duration(values.get(f"late_{name}")) for name in ("p50", "p99", "max"))

    def compared(name: str) -> Callable[[Row], str]:
        return lambda row: times(row["values"].get(name), ours_for(row, rows).get(name))

    return {
        "history": lambda row: _keeps(row["contestant"]),
        "fired of expected": _fired,
        "lateness p50 / p99 / max": lates,
        "p99 by ours": compared("late_p99"),
        "CPU a run": lambda row: _cpu(row, "cpu_own"),
        "with database and broker": lambda row: _cpu(row, "cpu"),
        "by ours": compared("cpu"),
        "memory": lambda row: f"{number(row['values'].get('memory'))} MB",
    }


def _keeps(name: str) -> str:
    found = contestants.called(name)
    return ("yes" if found.keeps_history else "no") if found else NOTHING


def _fired(row: Row) -> str:
    found = contestants.called(row["contestant"])
    often = " (once a minute)" if found and found.least > 1 else ""
    return share(row["values"].get("fired"), row["values"].get("expected")) + often


def _cpu(row: Row, name: str) -> str:
    value = row["values"].get(name)
    return NOTHING if value is None else milliseconds(value * 1000)


def idle(rows: Sequence[Row]) -> str:
    found = of(rows, "idle")

    def asked(measures: tuple[str, ...], name: str, digits: int) -> Callable[[Row], str]:
        def read(row: Row) -> str:
            values = [
                each["values"][name]
                for each in rows
                if each["contestant"] == row["contestant"]
                and each["measure"] in measures
                and name in each["values"]
            ]
            return number(values[0] if values else None, digits)

        return read

    columns: Columns = {
        "CPU a minute": lambda row: f"{number(row['values'].get('cpu_own'), 2)} s",
        "with database and broker": lambda row: f"{number(row['values'].get('cpu'), 2)} s",
        "by ours": lambda row: times(row["values"].get("cpu"), ours_for(row, rows).get("cpu")),
        "queries a minute": asked(("idle",), "queries", 0),
        "broker commands a minute": asked(("idle",), "commands", 0),
        "queries a run": asked(("queries", "firing"), "queries", 1),
        "broker commands a run": asked(("queries", "firing"), "commands", 1),
    }
    return table(found, columns)


def trouble(rows: Sequence[Row]) -> str:
    """Edits, two schedulers, a kill: one row each, whatever of it was measured."""
    measures = ("apply", "doubles", "kill")
    names = dict.fromkeys(row["contestant"] for each in measures for row in of(rows, each))
    by_key = {(row["measure"], row["contestant"]): row for row in rows}
    lines = [
        "| system | an edited interval takes effect, median / worst | doubled runs of two "
        "schedulers | after a kill the history says | the run is repeated |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        cells = [by_key.get((measure, name)) for measure in measures]
        edit, double, kill = (
            told(row) if row else NOTHING
            for row, told in zip(cells, (_edit, _doubled, _said), strict=True)
        )
        lines.append(f"| {name} | {edit} | {double} | {kill} | {_repeated(cells[2])} |")
    return "\n".join(lines)


def _edit(row: Row) -> str:
    values = row["values"]
    if "median" in values:
        return f"{duration(values['median'])} / {duration(values['max'])}"
    return str(values.get("note", "")) or reason(row["problem"])


def _doubled(row: Row) -> str:
    values = row["values"]
    if "doubled" not in values:
        return reason(row["problem"])
    return f"{number(values['doubled'])} of {number(values['expected'])}"


def _said(row: Row) -> str:
    return reason(str(row["values"].get("history", "")) or row["problem"])


def _repeated(row: Row | None) -> str:
    values = row["values"] if row else {}
    after = f", {duration(values['after'])} after it began" if "after" in values else ""
    return f"{values.get('repeated', NOTHING)}{after}"


def ingest(rows: Sequence[Row]) -> str:
    def column(name: str) -> Callable[[Row], str]:
        def read(row: Row) -> str:
            value = row["values"].get(name)
            return f"{duration(value)} ({times(value, row['values'].get('loads'))})"

        return read

    columns: Columns = {
        "mods": lambda row: number(row["values"].get("mods")),
        "json.loads beside it": lambda row: duration(row["values"].get("loads")),
        "first load": column("first"),
        "nothing changed": column("same"),
        "1 % changed": column("changed"),
    }
    return table(of(rows, "ingest"), columns, "way (times json.loads)")


def history(rows: Sequence[Row]) -> str:
    columns: Columns = {
        "rows": lambda row: number(row["values"].get("rows")),
        "p50": lambda row: milliseconds(row["values"].get("p50")),
        "p95": lambda row: milliseconds(row["values"].get("p95")),
    }
    return table(of(rows, "history"), columns, "first page")
