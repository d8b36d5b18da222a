"""The tables and plots of a comparison, written between markers of docs/benchmarks.md."""

import re
from collections.abc import Iterator
from pathlib import Path

from . import better, pictures, tables
from .contestant import PROJECT
from .environments import FOLDER
from .figures import of, reason
from .results import STORED, Results, Row, store

PAGE = PROJECT / "docs" / "benchmarks.md"
PLOTS = PROJECT / "docs" / "plots"
BEGIN, END = "<!-- compare: begin -->", "<!-- compare: end -->"


def line(row: Row) -> str:
    """For the terminal, while it goes on."""
    size = f" {row['schedules']:,}" if "schedules" in row else ""
    told = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in row["values"].items()
    )
    problem = f" - {row['problem']}" if row["problem"] else ""
    return f"{row['measure']}{size} | {row['contestant']} | {told}{problem}"


def keep(found: Results) -> None:
    """What there is so far, where git does not look."""
    FOLDER.mkdir(exist_ok=True)
    store(found, FOLDER / "compared.json")


def finish(found: Results, *, write: bool) -> None:
    """A full run goes into the docs, of others the tables are shown."""
    if write:
        store(found, STORED)
        write_docs(found)
        print(f"Written to {PAGE.relative_to(PROJECT)}.")
    else:
        print(text(found))


def write_docs(found: Results, page: Path = PAGE, plots: Path = PLOTS) -> None:
    plots.mkdir(exist_ok=True)
    drawn = pictures.drawn(found["rows"])
    for old in plots.glob("*.svg"):
        old.unlink()
    for name, picture in drawn.items():
        (plots / name).write_text(picture)
    page.write_text(between(page.read_text(), text(found)))


def between(page: str, content: str) -> str:
    """The page with this between its markers; what people wrote around them stays."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"The page has no place for it: put {BEGIN} and {END} into it.")
    return pattern.sub(lambda _match: f"{BEGIN}\n\n{content}\n\n{END}", page, count=1)


def text(found: Results) -> str:
    return "\n\n".join(_parts(found))


def _parts(found: Results) -> Iterator[str]:
    rows, about = found["rows"], found["about"]
    yield (
        f"Measured on {about['when']} at commit {about['commit']}: {about['machine']}, load "
        f"average {about['load']} when it began. {about['settings']}"
    )
    yield f"{about['versions']}."
    if of(rows, "firing"):
        yield "### Firing"
        yield from tables.firing(rows)
        yield "\n".join(f"![{_alt(name)}](plots/{name})" for name in pictures.drawn(rows))
    if of(rows, "idle"):
        yield "### Idle, and queries"
        yield tables.idle(rows)
    if any(of(rows, measure) for measure in ("apply", "doubles", "kill")):
        yield "### Edits, two schedulers, a kill"
        yield tables.trouble(rows)
    if of(rows, "ingest"):
        yield "### Ingest"
        yield tables.ingest(rows)
    if of(rows, "history"):
        yield "### History"
        yield tables.history(rows)
    yield "### Where a peer is better"
    yield "\n".join(f"- {sentence}" for sentence in better.sentences(rows))
    if failed := _not_measured(rows):
        yield "### Not measured"
        yield "\n".join(failed)


def _not_measured(rows: list[Row]) -> list[str]:
    """The measures that somebody has no figure in, by the reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["problem"]:
            size = f" {row['schedules']:,}" if "schedules" in row else ""
            key = row["contestant"], reason(row["problem"])
            found.setdefault(key, []).append(f"{row['measure']}{size}")
    return [f"- {name}: {', '.join(what)}: {why}" for (name, why), what in found.items()]


def _alt(name: str) -> str:
    what, _, schedules = name.removesuffix(".svg").partition("-")
    return f"{what}, {int(schedules):,} schedules" if schedules else what
