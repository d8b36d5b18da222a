"""Who is heard from: judged by whether heartbeats change while this process listens.

The time in a heartbeat alone tells little: clocks of machines differ and are set, and whoever
could not reach the database itself has heard from nobody.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from .models import MISSED_BEATS, SILENT_AFTER, SchedulerProcess


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
        self._heard: dict[int, tuple[datetime, float]] = {}

    def listen(self) -> None:
        """Look at all heartbeats; to be called more often than two beats take."""
        now = self._monotonic()
        was_deaf = now - self._listened_at > MISSED_BEATS.total_seconds()
        self._listened_at = now
        # Who could not listen, or was not awake, begins anew.
        before = self._heard if self._in_touch() and not was_deaf else {}
        beats = SchedulerProcess.objects.filter(stopped_at=None).values_list("pk", "heartbeat_at")
        self._heard = {
            pk: before[pk] if pk in before and before[pk][0] == beat else (beat, now)
            for pk, beat in beats
        }

    def is_silent(self, process: SchedulerProcess, now: datetime) -> bool:
        """Whether it counts as gone: it has not beaten while this process listened, and before
        that not either, as far as clocks can be trusted."""
        if process.pk not in self._heard:
            return False
        beat, since = self._heard[process.pk]
        unchanged = timedelta(seconds=self._monotonic() - since)
        if beat != process.heartbeat_at or unchanged <= MISSED_BEATS:
            return False
        return now - beat > SILENT_AFTER or unchanged > SILENT_AFTER
