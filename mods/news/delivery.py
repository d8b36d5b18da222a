"""Delivers messages that are due, and tries those again that were not taken."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import override

from scheduling.registry import current_run

from . import post, problems, texts
from .models import Fate, NewsChannel, NewsMessage
from .seal import Unreadable

logger = structlog.get_logger(__name__)

MAX_TRIES = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
PATIENCE = timedelta(hours=24)
# Who sends a message has it for so long; after that it died over it, and another tries.
LEASE = timedelta(minutes=2)
# Seconds in which a run begins to deliver; what is left waits for the next one.
BUDGET = 30
_MOST = 50


@dataclass(slots=True, kw_only=True)
class Tally:
    delivered: int = 0
    failed: int = 0
    given_up: int = 0

    def counts(self) -> dict[str, int]:
        return asdict(self)


def deliver_due(now: datetime) -> Tally:
    """Deliver what is due, oldest first. Raises when the run shall stop."""
    tally, ends, due = Tally(), monotonic() + BUDGET, _due(now)
    for _ in range(_MOST):
        current_run().check()
        # Asked anew for each: what waits for a channel that has just failed is not due any more.
        message = due.first()
        if message is None or monotonic() > ends:
            break
        if claim(message, now):
            _settle(message, _problem(message), now, tally)
    return tally


def _due(now: datetime) -> QuerySet[NewsMessage]:
    """Those of channels that are well come first, so that a broken one keeps none waiting.

    A channel that is off or quiet keeps its messages; one that is off not for ever.
    """
    channels = list(NewsChannel.objects.all())
    quiet = [each.pk for each in channels if each.quiet_until(now)]
    off = [each.pk for each in channels if not each.enabled]
    due = NewsMessage.objects.filter(status=Fate.QUEUED, next_try_at__lte=now)
    due = due.annotate(since=Coalesce("released_at", "created_at"))
    due = due.exclude(channel__in=quiet).exclude(channel__in=off, since__gt=now - PATIENCE)
    order = (F("channel__problem_since").asc(nulls_first=True), "next_try_at", "pk")
    return due.select_related("channel").order_by(*order)


def claim(message: NewsMessage, now: datetime) -> bool:
    """Take this message for one try; False if another process was quicker."""
    mine = NewsMessage.objects.filter(pk=message.pk, status=Fate.QUEUED, tries=message.tries)
    won = mine.filter(next_try_at=message.next_try_at).update(
        tries=message.tries + 1, next_try_at=now + LEASE
    )
    message.tries += won
    return won == 1


def pause_after(tries: int) -> timedelta:
    return min(FIRST_PAUSE * 2.0 ** (tries - 1), LONGEST_PAUSE)


def send(message: NewsMessage, channel: NewsChannel) -> str:
    """Hand it over; returns what went wrong in a sentence without secrets, "" if nothing."""
    with override("en"):
        try:
            address = channel.unsealed()
        except Unreadable:
            return problems.UNREADABLE
    with override(channel.language):
        title = texts.title(len(message.items) + message.omitted)
        body = texts.body(message.items, message.omitted)
    # What is stored is English.
    with override("en"):
        return post.send(address, title, body).problem


def note(channel: NewsChannel, problem: str, now: datetime) -> None:
    """Mark the channel, or unmark it, where that is news."""
    marked = NewsChannel.objects.filter(pk=channel.pk)
    if problem and problem != channel.problem:
        since = channel.problem_since if channel.problem else now
        marked.update(problem=problem[:500], problem_since=since)
    elif not problem and channel.problem:
        marked.update(problem="", problem_since=None)
        hurry(channel, now)


def hurry(channel: NewsChannel, now: datetime) -> None:
    """Try again soon what waits for a channel that is well again; what is being sent is not."""
    waiting = NewsMessage.objects.filter(channel=channel, status=Fate.QUEUED)
    waiting.filter(next_try_at__gt=now + LEASE).update(next_try_at=now)


def _problem(message: NewsMessage) -> str:
    if message.channel is None:
        return problems.DELETED
    if not message.channel.enabled:
        return problems.OFF
    return send(message, message.channel)


def _settle(message: NewsMessage, problem: str, now: datetime, tally: Tally) -> None:
    """Write what became of it, before anything else: it may have been delivered."""
    mine = NewsMessage.objects.filter(pk=message.pk, status=Fate.QUEUED, tries=message.tries)
    told = {"channel": message.channel_name, "message": message.pk, "problem": problem}
    if not problem:
        mine.update(status=Fate.DELIVERED, delivered_at=now, next_try_at=None, error="")
        tally.delivered += 1
    elif message.tries >= MAX_TRIES or message.channel is None or _too_old(message, now):
        mine.update(status=Fate.GIVEN_UP, next_try_at=None, error=problem[:600])
        logger.error("news_given_up", tries=message.tries, **told)
        tally.given_up += 1
    else:
        again = now + pause_after(message.tries)
        mine.update(next_try_at=again, error=problem[:600])
        times = {"tries": message.tries, "next_try_at": again.isoformat()}
        logger.warning("news_not_delivered", **times, **told)
        tally.failed += 1
    if message.channel:
        note(message.channel, problem, now)
        if problem:
            _let_others_pass(message.channel, now)


def _let_others_pass(channel: NewsChannel, now: datetime) -> None:
    """What else waits for a channel that has just failed is not tried in the same run.

    Each try of a channel that hangs takes seconds that others need. It counts as no try.
    """
    due = NewsMessage.objects.filter(channel=channel, status=Fate.QUEUED, next_try_at__lte=now)
    due.update(next_try_at=now + FIRST_PAUSE)


def _too_old(message: NewsMessage, now: datetime) -> bool:
    return (message.released_at or message.created_at) <= now - PATIENCE
