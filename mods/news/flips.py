"""The state machine: what changed since a rule last looked, claimed so that it is told once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from .finding import Finding, Seen, finding
from .models import NewsFlip, NewsRule


def turned(rule: NewsRule, seen: Iterable[Seen], now: datetime) -> Iterator[Finding]:
    """What there is to tell of these, in the caller's transaction.

    Of a subject that is seen several times the last one is how it is, and what was before that
    counts if it came after what is known. A change belongs to whoever's update finds the old
    state still there: of two processes that see the same only one tells it. Subjects that are
    not seen any more are forgotten.
    """
    found: defaultdict[str, list[Seen]] = defaultdict(list)
    for each in seen:
        found[each.subject[:255]].append(each)
    states = _states(rule, {subject: path[-1] for subject, path in found.items()}, now)
    # In one order, so that two processes never wait for each other.
    for subject, path in sorted(found.items()):
        if subject not in states:
            continue
        state, since = states[subject]
        for each in path:
            if each.state is None or each.state == state or (each.at and each.at <= since):
                continue
            if not _flip(rule, subject, state, each.state, now):
                break
            if news := finding(rule.event, state, each, tell_recovery=rule.tell_recovery):
                yield news
            state = each.state


def _flip(rule: NewsRule, subject: str, old: str, new: str, now: datetime) -> bool:
    flips = NewsFlip.objects.filter(rule=rule, subject=subject, state=old[:120])
    return bool(flips.update(state=new[:120], since=now))


def _states(
    rule: NewsRule, found: Mapping[str, Seen], now: datetime
) -> dict[str, tuple[str, datetime]]:
    """What is known of each and since when, with rows for what is seen for the first time."""
    rows = NewsFlip.objects.filter(rule=rule).values_list("subject", "state", "since")
    known = {subject: (state, since) for subject, state, since in rows}
    if gone := known.keys() - found.keys():
        NewsFlip.objects.filter(rule=rule, subject__in=gone).delete()
    fresh = {subject: (each.before, now) for subject, each in found.items() if subject not in known}
    NewsFlip.objects.bulk_create(
        [
            NewsFlip(rule=rule, subject=subject, state=before[:120], since=now)
            for subject, (before, _) in sorted(fresh.items())
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    return known | fresh
