"""One look at everything that rules ask for: what is new becomes messages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from django.db import transaction
from django.utils.translation import override

from scheduling.models import JobRun

from ..models import Change, Channel, Kind
from . import cursor, jobstates, lateness, outbox, refreshes, texts, workerstate
from .finding import Finding, Seen
from .flips import turned
from .models import JOB_EVENTS, Event, NewsChannel, NewsRule
from .modstates import Tracked

_CHANNELS = {Event.VERSION_STABLE: Channel.STABLE, Event.VERSION_UNSTABLE: Channel.UNSTABLE}


def look(now: datetime) -> dict[str, int]:
    """Find what is new and queue it, all or nothing; returns how much it was.

    What there is to see is read first; only what changed since is written.
    """
    rules = list(NewsRule.objects.filter(enabled=True).prefetch_related("channels"))
    here, changes = cursor.unseen(now)
    sight = _Sight(now, here.looked_at if here else None)
    seen = {rule.pk: list(sight.of(rule)) for rule in rules if rule.event not in _CHANNELS}
    held = refreshes.unfinished(now, here.looked_at if here else now)
    if not held.isdisjoint(_CHANNELS):
        changes = []
    rules = [rule for rule in rules if rule.event not in held]
    with transaction.atomic():
        # In this row's order: two looks at the same moment follow one another.
        is_ours = here is not None and cursor.advance(here, changes, now)
        found: list[tuple[NewsRule, Finding]] = []
        for rule in rules:
            if rule.event in _CHANNELS:
                news: Iterable[Finding] = _versions(rule, changes) if is_ours else ()
            else:
                news = turned(rule, seen[rule.pk], now)
            found += [(rule, finding) for finding in _with_errors(rule, list(news))]
        queued = _queue(found, now)
    return {"found": len(found), "queued": queued}


class _Sight:
    """What is seen now; mods are read once for all rules, and only where one asks for them."""

    def __init__(self, now: datetime, looked_at: datetime | None) -> None:
        self._now, self._looked_at = now, looked_at

    @cached_property
    def _tracked(self) -> Tracked:
        return Tracked()

    def of(self, rule: NewsRule) -> Iterable[Seen]:
        match Event(rule.event):
            case Event.JOB_FAILED | Event.JOB_RECOVERED:
                return jobstates.failing(rule, self._looked_at)
            case Event.JOB_LATE:
                return lateness.late(rule, self._now)
            case Event.NO_WORKER:
                return workerstate.worker(rule, self._now)
            case Event.MOD_UPDATE:
                return self._tracked.updates(rule)
            case Event.MOD_RETRACTED:
                return self._tracked.gone(rule)
            case Event.MOD_READY:
                return self._tracked.ready(rule)
        return ()


def _versions(rule: NewsRule, changes: Sequence[Change]) -> Iterable[Finding]:
    wanted = _CHANNELS[Event(rule.event)]
    for change in changes:
        if change.kind == Kind.VERSION_NEW and change.after == wanted:
            yield Finding(event=rule.event, subject=change.subject, good=True)


def _with_errors(rule: NewsRule, findings: list[Finding]) -> list[Finding]:
    """Findings of jobs with what a person wants to read: the error of the last run."""
    if rule.event not in JOB_EVENTS or not findings:
        return findings
    runs = [finding.told.get("run") for finding in findings]
    errors = dict(JobRun.objects.filter(pk__in=filter(None, runs)).values_list("pk", "error"))
    known = {"failures": rule.failures, "overdue": rule.late_after_seconds is None}
    return [
        Finding(
            event=each.event,
            subject=each.subject,
            good=each.good,
            told={**each.told, **known, "error": errors.get(each.told.get("run"), "")},  # type: ignore[call-overload]
        )
        for each in findings
    ]


def _queue(found: Sequence[tuple[NewsRule, Finding]], now: datetime) -> int:
    """One message for each channel, in its language; returns how many messages."""
    by_channel: defaultdict[NewsChannel, list[Finding]] = defaultdict(list)
    for rule, finding in found:
        for channel in rule.channels.all():
            if channel.enabled and not _feeds_itself(channel, finding):
                by_channel[channel].append(finding)
    return sum(outbox.put(channel, _texts(channel, by_channel), now) for channel in by_channel)


def _feeds_itself(channel: NewsChannel, finding: Finding) -> bool:
    """That news were given up is nothing for a channel that takes none: each such message would
    be given up too, and be told again."""
    own = finding.event in JOB_EVENTS and finding.subject == "send_news"
    return own and bool(channel.problem)


def _texts(channel: NewsChannel, by_channel: Mapping[NewsChannel, list[Finding]]) -> list[str]:
    with override(channel.language):
        return [texts.told(finding, channel.timezone) for finding in by_channel[channel]]
