"""The state machine: what changed since a rule last looked, claimed so that it is told once."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from .finding import Finding, Seen, finding
from .models import NewsFlip, NewsRule


def turned(rule: NewsRule, seen: Iterable[Seen], now: datetime) -> Iterator[Finding]:
    """What there is to tell of these, in the caller's transaction.

    A change belongs to whoever's update finds the old state still there: of two processes that
    see the same only one tells it. Subjects that are not seen any more are forgotten.
    """
    found = {each.subject[:255]: each for each in seen}
    states = _states(rule, found, now)
    # In one order, so that two processes never wait for each other.
    for subject, each in sorted(found.items()):
        old = states.get(subject)
        if old is None or each.state is None or each.state == old:
            continue
        flips = NewsFlip.objects.filter(rule=rule, subject=subject, state=old)
        if not flips.update(state=each.state[:120], since=now):
            continue
        if news := finding(rule.event, old, each, tell_recovery=rule.tell_recovery):
            yield news


def _states(rule: NewsRule, found: dict[str, Seen], now: datetime) -> dict[str, str]:
    """What is known of each, with rows for those that are seen for the first time."""
    known = dict(NewsFlip.objects.filter(rule=rule).values_list("subject", "state"))
    if gone := known.keys() - found.keys():
        NewsFlip.objects.filter(rule=rule, subject__in=gone).delete()
    fresh = {subject: each.before for subject, each in found.items() if subject not in known}
    NewsFlip.objects.bulk_create(
        [
            NewsFlip(rule=rule, subject=subject, state=before[:120], since=now)
            for subject, before in sorted(fresh.items())
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    return known | fresh
