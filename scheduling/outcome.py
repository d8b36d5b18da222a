"""How one call of a job ends: logged, and never by an exception. No Django, no APScheduler."""

import asyncio
import threading
import time
import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import structlog

from .errors import JobFailed, RunCancelled, RunTimedOut

logger = structlog.get_logger(__name__)

# Their messages tell it all.
_FORESEEN = (JobFailed, RunCancelled, RunTimedOut)


@dataclass(slots=True)
class Outcome:
    """How one call of a job ended: with a value, or with the error that it raised."""

    value: Any = None
    error: BaseException | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def reason(self) -> str:
        """The error in words: its type too, unless its message is made for people."""
        if self.error is None:
            return ""
        text = _message(self.error)
        if isinstance(self.error, _FORESEEN):
            return text
        name = type(self.error).__name__
        return f"{name}: {text}" if text else name

    @property
    def traceback(self) -> str:
        """Empty for the failures that a job foresees: their message tells it all."""
        if self.error is None or isinstance(self.error, _FORESEEN):
            return ""
        try:
            return "".join(traceback.format_exception(self.error))
        except Exception as error:  # noqa: BLE001 - a __str__ that raises must not end the worker
            return f"(the traceback can't be shown: {type(error).__name__})"


class Attempt:
    """Around one call of a job: logs its start and its end, lets nothing out."""

    def __init__(self, name: str, outcome: Outcome) -> None:
        self.name, self.outcome = name, outcome

    def __enter__(self) -> None:
        logger.info(f"{self.name}_started")
        self.begun = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _tb: TracebackType | None,
    ) -> bool:
        outcome = self.outcome
        outcome.seconds = round(time.perf_counter() - self.begun, 6)
        if error is None:
            logger.info(f"{self.name}_completed", seconds=round(outcome.seconds, 3))
            return True
        outcome.error = error
        outcome.value = None
        # What somebody asked for is nothing to be woken up for.
        log = logger.warning if isinstance(error, RunCancelled) else logger.error
        log(f"{self.name}_failed", error=outcome.reason, seconds=round(outcome.seconds, 3))
        # Whoever cancels a coroutine, or presses Ctrl-C in the foreground, must get through;
        # a job's own SystemExit must not.
        foreign = isinstance(error, asyncio.CancelledError | GeneratorExit) or (
            isinstance(error, KeyboardInterrupt)
            and threading.current_thread() is threading.main_thread()
        )
        return not foreign


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a job's own exception may be broken too
        return ""
