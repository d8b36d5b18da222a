"""Who is heard from: judged by whether heartbeats change while this process listens.

The time in a heartbeat alone tells little: clocks of machines differ and are set, and whoever
could not reach the database itself has heard from nobody.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from .models import MISSED_BEATS, SILENT_AFTER, SchedulerProcess


class _Heard(NamedTuple):
    """``is_first``: no beat of this process was seen to change yet."""

    beat: datetime
    since: float
    is_first: bool


class Hearing:
    """What one process has heard of the others. For one thread.

    ``in_touch`` says whether its own beats reach the database.
    """

    def __init__(
        self, in_touch: Callable[[], bool], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._in_touch, self._monotonic = in_touch, monotonic
        self._listened_at = monotonic()
        # By process: its last heartbeat, and when this process first saw it.
        self._heard: dict[int, _Heard] = {}

    def listen(self) -> None:
        """Look at all heartbeats; to be called more often than two beats take."""
        now = self._monotonic()
        was_deaf = now - self._listened_at > MISSED_BEATS.total_seconds()
        self._listened_at = now
        # Who could not listen, or was not awake, begins anew.
        before = self._heard if self._in_touch() and not was_deaf else {}
        beats = SchedulerProcess.objects.filter(stopped_at=None).values_list("pk", "heartbeat_at")
        self._heard = {
            pk: before[pk]
            if pk in before and before[pk].beat == beat
            else _Heard(beat, now, pk not in before)
            for pk, beat in beats
        }

    def is_silent(self, process: SchedulerProcess, now: datetime) -> bool:
        """Whether it counts as gone: it has not beaten while this process listened, and before
        that not either, as far as clocks can be trusted."""
        if process.pk not in self._heard:
            return False
        beat, since, is_first = self._heard[process.pk]
        unchanged = timedelta(seconds=self._monotonic() - since)
        if beat != process.heartbeat_at or unchanged <= MISSED_BEATS:
            return False
        # One whose beats have been seen is alive, whatever its clock says.
        was_old = is_first and now - beat > SILENT_AFTER
        return was_old or unchanged > SILENT_AFTER
