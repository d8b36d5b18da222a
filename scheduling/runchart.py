"""The last runs of a job as bars: where each one stands in the chart, and how high it is.

Everything is a text that goes into SVG as it is: across in percent of the chart's width, so
that it fits any screen, down in pixels. A language that writes 0,5 must not meddle with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import number_format

from .durations import Figures, Slow, figures, slow
from .moments import quick
from .querysets import JobRunQuerySet

RUNS = 100
# Fewer bars would each be as wide as a door.
_FEWEST = 30
_SPACE = 0.72  # of a bar's place that it fills
# Where the ground of each part lies, and how high its highest bar is.
RUN_GROUND, _RUN_HEIGHT = 150, 126
LAG_GROUND, _LAG_HEIGHT = 216, 44
# One run that took hours would press all others flat: bars are cut where the chart would
# otherwise be over twice as high as nearly all of them.
_CUT = 2
# Heights of charts in seconds whose halves can be read as well.
_STEPS = (
    *(0.002, 0.004, 0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 1, 2, 4, 10, 20, 30, 60, 120, 240, 600),
    *(1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400),
)
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"), (0.001, "ms"))


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended, or a slot that passed without one, as far as a chart shows it."""

    pk: int
    status: str
    scheduled_for: datetime
    not_before: datetime | None
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def duration(self) -> timedelta | None:
        if self.started_at and self.finished_at:
            return self.finished_at - self.started_at
        return None

    @property
    def lag(self) -> timedelta | None:
        due = self.not_before or self.scheduled_for
        return self.started_at - due if self.started_at else None


def last_ended(runs: JobRunQuerySet) -> list[Ended]:
    """The last of the runs of a job that ended, oldest first. A hundred of them are read each
    time that somebody looks, so they are not made into models."""
    newest = runs.finished().order_by("-scheduled_for", "-attempt")
    times = map(quick, ("scheduled_for", "not_before", "started_at", "finished_at"))
    columns = newest.values_list("pk", "status", *times)
    return [Ended(*row) for row in columns[:RUNS]][::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    y: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The run times, or the lags: its own scale, with median and p95 as lines."""

    figures: Figures
    ticks: list[Tick]
    median_y: str
    p95_y: str
    ceiling: float
    ground: int
    height: int

    def bar(self, time: timedelta) -> float:
        """How high the bar of ``time`` is."""
        share = min(max(time.total_seconds(), 0) / self.ceiling, 1)
        # What took no time at all is seen too.
        return max(share * self.height, 1)

    def cuts(self, time: timedelta) -> bool:
        return time.total_seconds() > self.ceiling


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A run that ended."""

    run: Ended
    x: str
    center: str
    y: str
    height: str
    sign_y: str
    lag_y: str
    lag_height: str
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Of the last runs of a job, oldest first."""

    bars: list[Bar]
    place: str
    width: str
    run: Part
    lag: Part
    slow: Slow | None

    @property
    def first(self) -> Ended:
        return self.bars[0].run

    @property
    def is_full(self) -> bool:
        """Whether the first bar stands at the left end."""
        return len(self.bars) >= _FEWEST

    @property
    def last(self) -> Ended:
        return self.bars[-1].run


def chart(runs: Sequence[Ended]) -> Chart | None:
    """The chart of ``runs``, oldest first; None when none of them began and ended."""
    ended = [run for run in runs if run.duration is not None]
    run = _part([run.duration or timedelta() for run in ended], RUN_GROUND, _RUN_HEIGHT)
    lag = _part([run.lag or timedelta() for run in ended], LAG_GROUND, _LAG_HEIGHT)
    if run is None or lag is None:
        return None
    places = max(len(ended), _FEWEST)
    place = 100 / places
    # The last one stands at the right end, where the next will be.
    free = places - len(ended)
    bars = [_bar(each, number * place, place, run, lag) for number, each in enumerate(ended, free)]
    return Chart(
        bars=bars,
        place=_text(place),
        width=_text(place * _SPACE),
        run=run,
        lag=lag,
        slow=slow(ended),
    )


def _part(times: list[timedelta], ground: int, height: int) -> Part | None:
    found = figures(times)
    if found is None:
        return None
    top = found.longest.total_seconds()
    most = found.p95.total_seconds()
    ceiling = _ceiling(min(top, _CUT * most) if most > 0 else top)

    def y(seconds: float) -> str:
        return _text(ground - min(max(seconds, 0) / ceiling, 1) * height)

    return Part(
        figures=found,
        ticks=[Tick(y=y(at), label=_label(at)) for at in (0, ceiling / 2, ceiling)],
        median_y=y(found.median.total_seconds()),
        p95_y=y(most),
        ceiling=ceiling,
        ground=ground,
        height=height,
    )


def _bar(run: Ended, x: float, place: float, part: Part, lag: Part) -> Bar:
    took, late = run.duration or timedelta(), run.lag or timedelta()
    high, lag_high = part.bar(took), lag.bar(late)
    return Bar(
        run=run,
        x=_text(x),
        center=_text(x + place * _SPACE / 2),
        y=_text(part.ground - high),
        height=_text(high),
        sign_y=_text(part.ground - high - 3),
        lag_y=_text(lag.ground - lag_high),
        lag_height=_text(lag_high),
        cut=part.cuts(took),
    )


def _ceiling(seconds: float) -> float:
    days = -(-seconds // 86_400)
    return next((step for step in _STEPS if seconds <= step), 86_400 * days)


def _label(seconds: float) -> str:
    """``20 ms``, ``5 min``, and ``1.5 d`` as the reader's language writes it."""
    if not seconds:
        return "0"
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size)
    return f"{number_format(f'{seconds / size:g}')} {unit}"


def _text(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
