"""The promises, checked from the rows and the jobs' own notes alone. Pure: no database."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

ACTIVE = {"queued", "running"}
NEVER_STARTED = {"missed", "skipped"}
# After these another attempt may follow.
RETRIED = {"failed", "timed_out", "lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the history says of a run."""

    job: str
    slot: datetime
    status: str
    attempt: int = 1
    trigger: str = "schedule"
    slots: int = 1
    until: datetime | None = None
    queued_at: datetime | None = None
    claimed_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""

    @property
    def key(self) -> tuple[str, datetime, int]:
        return self.job, self.slot, self.attempt

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%H:%M:%S.%f} attempt {self.attempt} ({self.status})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a job wrote down when it really started."""

    job: str
    slot: datetime
    attempt: int
    pid: int

    @property
    def key(self) -> tuple[str, datetime, int]:
        return self.job, self.slot, self.attempt

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%H:%M:%S.%f} attempt {self.attempt}"


def violations(rows: list[Row], notes: list[Note], every_second: str) -> list[str]:
    """All promises that were broken, in words; ``every_second`` names the job without a gap."""
    return [
        *started_twice(notes),
        *starts_without_row(rows, notes),
        *successes_without_start(rows, notes),
        *still_open(rows),
        *not_covered([row for row in rows if row.job == every_second], timedelta(seconds=1)),
        *wrong_counts(rows),
        *wrong_times(rows),
        *wrong_attempts(rows),
        *overlaps(rows),
        *without_reason(rows),
    ]


def started_twice(notes: Iterable[Note]) -> Iterator[str]:
    times = Counter(note.key for note in notes)
    seen = {note.key: note for note in notes}
    for key, count in times.items():
        if count > 1:
            yield f"started {count} times: {seen[key]}"


def starts_without_row(rows: Iterable[Row], notes: Iterable[Note]) -> Iterator[str]:
    known = {row.key: row for row in rows}
    for note in notes:
        if note.key not in known:
            yield f"started without a row: {note}"
        elif known[note.key].status in NEVER_STARTED:
            yield f"started, but its row says that it did not: {known[note.key]}"


def successes_without_start(rows: Iterable[Row], notes: Iterable[Note]) -> Iterator[str]:
    started = {note.key for note in notes}
    for row in rows:
        if row.status in {"succeeded", "failed", "timed_out"} and row.key not in started:
            yield f"ended without having started: {row}"


def still_open(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        if row.status in ACTIVE:
            yield f"still open: {row}"


def not_covered(rows: Iterable[Row], step: timedelta) -> Iterator[str]:
    """Slots of the schedule, from the first to the last, that no row or several stand for."""
    scheduled = [row for row in rows if row.trigger == "schedule" and row.attempt == 1]
    for before, after in pairwise(sorted(scheduled, key=lambda row: row.slot)):
        expected = (before.until or before.slot) + step
        if after.slot > expected:
            lost = (after.slot - expected) // step
            yield f"{lost} slots without a row, between {before} and {after}"
        elif after.slot < expected:
            yield f"slots with two rows: {before} and {after}"
    for row in scheduled:
        if row.slots != ((row.until or row.slot) - row.slot) // step + 1:
            yield f"stands for {row.slots} slots, which is not what its times say: {row}"


def wrong_counts(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        if (row.slots > 1) != (row.until is not None):
            yield f"several slots without a last one, or the other way round: {row}"
        elif row.slots > 1 and row.status != "missed":
            yield f"one run for several slots: {row}"


def wrong_times(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        moments = (row.queued_at, row.claimed_at, row.started_at, row.finished_at)
        known = [moment for moment in moments if moment]
        if known != sorted(known):
            yield f"its times are not in order: {row}"
        if row.status not in ACTIVE and row.finished_at is None:
            yield f"ended at no time: {row}"
        if row.status in {"succeeded", "failed", "timed_out", "lost"} and row.claimed_at is None:
            yield f"claimed by nobody: {row}"
        if row.status in {"succeeded", "failed"} and row.started_at is None:
            yield f"started at no time: {row}"
        if row.status in NEVER_STARTED and (row.started_at or row.claimed_at):
            yield f"claimed or started, and then not: {row}"


def wrong_attempts(rows: Iterable[Row]) -> Iterator[str]:
    by_slot = defaultdict(list)
    for row in rows:
        by_slot[row.job, row.slot].append(row)
    for attempts in by_slot.values():
        attempts.sort(key=lambda row: row.attempt)
        if [row.attempt for row in attempts] != list(range(1, len(attempts) + 1)):
            yield f"attempts are missing before {attempts[-1]}"
        for before, after in pairwise(attempts):
            if before.status not in RETRIED:
                yield f"tried again without need: {after} after {before}"
            elif before.finished_at and after.claimed_at and after.claimed_at < before.finished_at:
                yield f"tried again before the last attempt had ended: {after}"


def overlaps(rows: Iterable[Row]) -> Iterator[str]:
    """Two runs of a job at the same time; all jobs here may have one."""
    by_job = defaultdict(list)
    for row in rows:
        # A claim bears the time at which its pass began, which may be before the end of the run
        # that it waited for: what counts is when the job itself began.
        began = row.started_at or row.claimed_at
        if began and row.finished_at:
            by_job[row.job].append((began, row.finished_at, str(row)))
    for spans in by_job.values():
        for (_, ended, before), (began, _, after) in pairwise(sorted(spans)):
            if began < ended:
                yield f"at the same time: {before} and {after}"


def without_reason(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        if row.status not in ACTIVE | {"succeeded"} and not row.error:
            yield f"does not say why: {row}"
