"""``safe_job`` and the table of registered jobs. No Django, no APScheduler."""

import asyncio
import functools
import inspect
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

import structlog

from .errors import JobFailed, RunCancelled, RunTimedOut, UnknownJob

P = ParamSpec("P")
R = TypeVar("R")

logger = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class RunContext:
    """What a job may know of the run it is in, and how it hears that it should stop.

    ``timeout_seconds`` counts from ``begin()``.
    """

    job: str
    run_id: int
    attempt: int = 1
    scheduled_for: datetime | None = None
    timeout_seconds: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    _ends: float | None = None

    def begin(self) -> None:
        if self.timeout_seconds is not None:
            self._ends = time.monotonic() + self.timeout_seconds

    @property
    def cancelled(self) -> bool:
        """Whether a person, or the worker that stops, asked this run to stop."""
        return self.stop.is_set()

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline, below 0 when it has passed; None without one."""
        return None if self._ends is None else self._ends - time.monotonic()

    @property
    def should_stop(self) -> bool:
        return self.cancelled or (self._ends is not None and time.monotonic() >= self._ends)

    def check(self) -> None:
        """Raise RunCancelled or RunTimedOut when it is time to stop."""
        if self.cancelled:
            raise RunCancelled
        if self.should_stop:
            raise RunTimedOut(f"The run took longer than its {self.timeout_seconds:g} seconds.")

    def sleep(self, seconds: float) -> None:
        """Wait, but not past a cancellation or the deadline: then raise."""
        left = self.remaining
        self.stop.wait(seconds if left is None else max(0.0, min(seconds, left)))
        self.check()


_context: ContextVar[RunContext | None] = ContextVar("run_context", default=None)


def current_run() -> RunContext:
    """The context of the run that calls; outside a run, one that is never cancelled."""
    return _context.get() or RunContext(job="", run_id=0)


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


class _Attempt:
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
        logger.error(f"{self.name}_failed", error=outcome.reason, seconds=round(outcome.seconds, 3))
        # Whoever cancels a coroutine, or presses Ctrl-C in the foreground, must get through;
        # a job's own SystemExit must not.
        foreign = isinstance(error, asyncio.CancelledError | GeneratorExit) or (
            isinstance(error, KeyboardInterrupt)
            and threading.current_thread() is threading.main_thread()
        )
        return not foreign


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A registered job: its function and what holds until a person sets something else.

    ``setting`` is the name under which its interval, in seconds, is shown and set on the
    settings page and in the API ("" for none).
    """

    name: str
    func: Callable[..., Any]
    interval_seconds: int = 0
    cron: str = ""
    min_interval_seconds: int = 1
    setting: str = ""
    run_at_once: bool = False
    timeout_seconds: int | None = None
    max_retries: int = 0
    description: str = ""

    def run(self, context: RunContext) -> Outcome:
        """Run the job in this thread until it ends. Raises nothing that the job raises."""
        outcome = Outcome()
        token = _context.set(context)
        try:
            with _Attempt(self.name, outcome):
                if inspect.iscoroutinefunction(self.func):
                    outcome.value = asyncio.run(self.func())
                else:
                    outcome.value = self.func()
        except asyncio.CancelledError:
            # The job cancelled itself; there is nobody above it who asked for that.
            pass
        finally:
            _context.reset(token)
        return outcome


_jobs: dict[str, Job] = {}


def safe_job(
    name: str,
    *,
    interval_seconds: int = 0,
    cron: str = "",
    min_interval_seconds: int = 1,
    setting: str = "",
    run_at_once: bool = False,
    timeout_seconds: int | None = None,
    max_retries: int = 0,
) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Register a function, plain or ``async def``, as the job ``name``.

    The function that comes back logs ``{name}_started`` and ``{name}_completed`` or
    ``{name}_failed``, never raises what the job raised, and returns the job's value, or None
    when it failed. Inside, ``current_run()`` tells about the run and its cancellation.

    ``interval_seconds`` or ``cron`` is the schedule it gets in the database the first time
    (neither: not scheduled until a person does), with ``timeout_seconds`` and
    ``max_retries``; ``min_interval_seconds`` is the shortest that people may set, and with
    ``run_at_once`` a job that has never run does not wait for its first slot.
    """

    def decorate(func: Callable[P, R]) -> Callable[P, R | None]:
        if name in _jobs and _origin(_jobs[name].func) != _origin(func):
            raise ValueError(f"Two jobs are called {name!r}: each needs a name of its own.")
        doc = inspect.getdoc(func) or ""
        _jobs[name] = Job(
            name=name,
            func=func,
            interval_seconds=interval_seconds,
            cron=cron,
            min_interval_seconds=min_interval_seconds,
            setting=setting,
            run_at_once=run_at_once,
            timeout_seconds=timeout_seconds,
            max_retries=max_retries,
            description=doc.partition("\n\n")[0].replace("\n", " "),
        )
        return _safe(name, func)

    return decorate


def _safe(name: str, func: Callable[P, R]) -> Callable[P, R | None]:
    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def safe_coroutine(*args: P.args, **kwargs: P.kwargs) -> Any:
            outcome = Outcome()
            with _Attempt(name, outcome):
                outcome.value = await cast("Awaitable[Any]", func(*args, **kwargs))
            return outcome.value

        return cast("Callable[P, R | None]", safe_coroutine)

    @functools.wraps(func)
    def safe(*args: P.args, **kwargs: P.kwargs) -> R | None:
        outcome = Outcome()
        with _Attempt(name, outcome):
            outcome.value = func(*args, **kwargs)
        return cast("R | None", outcome.value)

    return safe


def jobs() -> dict[str, Job]:
    """All registered jobs by name, in the order of their names."""
    return dict(sorted(_jobs.items()))


def get(name: str) -> Job:
    """The job of this name; raises UnknownJob with the names there are."""
    try:
        return _jobs[name]
    except KeyError:
        known = ", ".join(sorted(_jobs)) or "none"
        raise UnknownJob(
            f"No job called {name!r} is registered. Registered jobs: {known}."
        ) from None


def unregister(name: str) -> None:
    """Forget a job; for tests."""
    _jobs.pop(name, None)


def _origin(func: Callable[..., Any]) -> tuple[str, str]:
    return func.__module__, func.__qualname__


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a job's own exception may be broken too
        return ""
