"""The details of the mods that the operator's server runs: which are due, and fetching them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.db import DataError
from django.utils import timezone

from scheduling.registry import current_run

from .errors import KEPT, Implausible, NotListed, Unavailable, UpstreamError
from .http import Client
from .moddb import fetch_detail
from .moddetail import Detail
from .models import Mod, ModDetail
from .sync_details import digest, store, store_failure

logger = structlog.get_logger(__name__)

# At most so many requests at a time.
WORKERS = 4
# Of the time that is left to a run, the rest is for what is under way when it ends.
_SHARE = 0.8
_LONGEST = 240.0
# So many failures in a row, and nothing else, are the host's: the next run tries again.
PATIENCE = 8
# So few may fail, and no other succeed, without it being more than their own fault.
_FEW = 3
# What one mod's answer could still be the cause of.
_UNFORESEEN = (DataError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Tally:
    """What became of the tracked mods. Those ``left`` are for the next run."""

    tracked: int = 0
    fetched: int = 0
    unchanged: int = 0
    failed: int = 0
    left: int = 0
    # Of the failures, those by which the mod database says that there is no such mod.
    not_listed: int = 0
    in_a_row: int = 0
    # Seconds for which the mod database asked us to stay away, more than a run waits.
    sent_away: float = 0
    first_problem: str = ""

    def counts(self) -> dict[str, int]:
        counts = {"fetched": self.fetched, "unchanged": self.unchanged, "failed": self.failed}
        return counts | ({"left": self.left} if self.left else {})

    def failure(self, error: UpstreamError) -> None:
        self.failed += 1
        self.first_problem = self.first_problem or str(error)
        if isinstance(error, Unavailable) and error.retry_after:
            self.sent_away = max(self.sent_away, error.retry_after)
        missing = isinstance(error, NotListed)
        self.not_listed += missing
        self.in_a_row = 0 if missing else self.in_a_row + 1

    @property
    def is_over(self) -> bool:
        """Whether the host had better be left alone for now."""
        return bool(self.sent_away) or self.in_a_row >= PATIENCE

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing could be read, for a reason that is hardly the mods' own.

        One mod's answer may be broken for long, and costs that mod alone.
        """
        if self.fetched or self.failed == self.not_listed:
            return False
        return bool(self.sent_away) or self.failed > _FEW or self.failed + self.left == self.tracked


def refresh_details(
    base_url: str,
    make_client: Callable[[], Client],
    *,
    now: Callable[[], datetime] = timezone.now,
    clock: Callable[[], float] = time.monotonic,
) -> Tally:
    """Fetch and store the details of each tracked mod whose row in the catalogue has changed.

    Each is stored by itself, so what was done stays when the run is cancelled. One that fails
    costs itself: the reason is stored with it. What time does not allow is left.
    """
    mods = list(Mod.objects.tracked().select_related("detail").defer("detail__text"))
    due = sorted((mod for mod in mods if _is_due(mod)), key=_tried_at)
    tally = Tally(tracked=len(mods), unchanged=len(mods) - len(due))
    if due:
        _fetch_all(due, tally, base_url, make_client, now, clock)
    return tally


def _fetch_all(
    due: list[Mod],
    tally: Tally,
    base_url: str,
    make_client: Callable[[], Client],
    now: Callable[[], datetime],
    clock: Callable[[], float],
) -> None:
    run, ends = current_run(), clock() + _budget()
    with ExitStack() as clients:
        local = threading.local()

        def begin() -> None:
            # Sessions are not shared between threads.
            local.client = clients.enter_context(make_client())

        def fetch(modid: int) -> Detail:
            return fetch_detail(local.client, base_url, modid)

        with ThreadPoolExecutor(WORKERS, "details", initializer=begin) as pool:
            # Each call hears of the run's cancellation by a context of its own.
            waiting = {pool.submit(copy_context().run, fetch, mod.pk): mod for mod in due}
            try:
                for done, future in enumerate(as_completed(waiting), 1):
                    _settle(waiting.pop(future), future, tally, now)
                    run.progress(done, len(due), "details of tracked mods read")
                    if clock() >= ends or tally.is_over:
                        _stop(waiting)
            finally:
                _stop(waiting)


def _settle(mod: Mod, future: Future[Detail], tally: Tally, now: Callable[[], datetime]) -> None:
    if future.cancelled():
        tally.left += 1
        return
    current_run().check()
    try:
        store(mod, future.result(), now())
    except UpstreamError as error:
        _fail(mod, error, tally, now())
    except _UNFORESEEN as error:
        # Else it would end this run, and the next one too, which begins with it.
        logger.exception("detail_unforeseen", mod=mod.pk)
        reason = f"{type(error).__name__}: {error}"
        told = f"Mod {mod.pk} came with something that can't be read or stored ({reason}). {KEPT}"
        _fail(mod, Implausible(told), tally, now())
    else:
        tally.fetched += 1
        tally.in_a_row = 0


def _fail(mod: Mod, error: UpstreamError, tally: Tally, now: datetime) -> None:
    logger.warning("detail_failed", mod=mod.pk, name=mod.name, error=str(error))
    store_failure(mod, error, now)
    tally.failure(error)


def _stop(waiting: dict[Future[Detail], Mod]) -> None:
    """Begin no more of them; those under way go on."""
    for future in waiting:
        future.cancel()


def _is_due(mod: Mod) -> bool:
    detail = _detail(mod)
    return detail is None or detail.read_of != digest(mod)


def _tried_at(mod: Mod) -> datetime:
    detail = _detail(mod)
    return detail.tried_at if detail else _NEVER


def _detail(mod: Mod) -> ModDetail | None:
    return getattr(mod, "detail", None)


def _budget() -> float:
    """Seconds in which details may be begun."""
    left = current_run().remaining
    return _LONGEST if left is None else min(_LONGEST, _SHARE * left)
