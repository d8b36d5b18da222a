"""``safe_job`` and the table of registered jobs. No Django, no APScheduler."""

import asyncio
import contextlib
import functools
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar, cast

from .context import RunContext, current_run, entered
from .errors import UnknownJob
from .errors import gettext as _
from .outcome import Attempt, Outcome

__all__ = ["Job", "Outcome", "RunContext", "current_run", "get", "jobs", "safe_job", "unregister"]

P = ParamSpec("P")
R = TypeVar("R")


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
    # Looked up once: it takes longer than a quick job.
    _awaited: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_awaited", inspect.iscoroutinefunction(self.func))

    def run(self, context: RunContext) -> Outcome:
        """Run the job in this thread until it ends. Raises nothing that the job raises."""
        outcome = Outcome()
        # A job may cancel itself; there is nobody above it who asked for that.
        with (
            entered(context),
            contextlib.suppress(asyncio.CancelledError),
            Attempt(self.name, outcome),
        ):
            outcome.value = asyncio.run(self.func()) if self._awaited else self.func()
        return outcome


_NAME = re.compile(r"[\w.:-]{1,100}")
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
    description: str = "",
) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Register a function, plain or ``async def``, as the job ``name``.

    The function that comes back logs ``{name}_started`` and ``{name}_completed`` or
    ``{name}_failed``, never raises what the job raised, and returns the job's value, or None
    when it failed. Inside, ``current_run()`` tells about the run and its cancellation.

    ``interval_seconds`` or ``cron`` is the schedule it gets in the database the first time
    (neither: not scheduled until a person does), with ``timeout_seconds`` and
    ``max_retries``; ``min_interval_seconds`` is the shortest that people may set, and with
    ``run_at_once`` a job that has never run does not wait for its first slot.
    ``description`` is what people read of it, the beginning of its docstring by default; of
    one that is marked for translation they read it in their language.

    Raises ValueError for a name that can't stand in an address or is taken.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} can't be the name of a job: use letters, digits, _ . : and -, 100 at most."
        )

    def decorate(func: Callable[P, R]) -> Callable[P, R | None]:
        if name in _jobs and _origin(_jobs[name].func) != _origin(func):
            raise ValueError(f"Two jobs are called {name!r}: each needs a name of its own.")
        doc = (inspect.getdoc(func) or "").partition("\n\n")[0].replace("\n", " ")
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
            description=description or doc,
        )
        return _safe(name, func)

    return decorate


def _safe(name: str, func: Callable[P, R]) -> Callable[P, R | None]:
    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def safe_coroutine(*args: P.args, **kwargs: P.kwargs) -> Any:
            outcome = Outcome()
            with Attempt(name, outcome):
                outcome.value = await cast("Awaitable[Any]", func(*args, **kwargs))
            return outcome.value

        return cast("Callable[P, R | None]", safe_coroutine)

    @functools.wraps(func)
    def safe(*args: P.args, **kwargs: P.kwargs) -> R | None:
        outcome = Outcome()
        with Attempt(name, outcome):
            outcome.value = func(*args, **kwargs)
        return cast("R | None", outcome.value)

    return safe


def jobs() -> dict[str, Job]:
    """All registered jobs by name, in the order of their names."""
    return dict(sorted(_jobs.items()))


def find(name: str) -> Job | None:
    """The job of this name, if there is one."""
    return _jobs.get(name)


def get(name: str) -> Job:
    """The job of this name; raises UnknownJob with the names there are."""
    try:
        return _jobs[name]
    except KeyError:
        told = {"job": repr(name), "known": ", ".join(sorted(_jobs)) or _("none")}
        raise UnknownJob(
            _("No job called %(job)s is registered. Registered jobs: %(known)s.") % told
        ) from None


def unregister(name: str) -> None:
    """Forget a job; for tests."""
    _jobs.pop(name, None)


def _origin(func: Callable[..., Any]) -> tuple[str, str]:
    return func.__module__, func.__qualname__
