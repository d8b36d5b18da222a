"""Messages wait here until they are delivered; quiet hours hold them back."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from .models import Fate, NewsChannel, NewsMessage

# More of one message are counted, not kept.
MAX_ITEMS = 50


def put(channel: NewsChannel, items: Iterable[str], now: datetime) -> int:
    """Queue these for a channel, in the caller's transaction; returns how many messages."""
    items = list(dict.fromkeys(items))
    if not items:
        return 0
    if channel.quiet_until(now):
        _hold(channel, items, now)
        return 1
    parts = [items] if channel.grouped else [[item] for item in items]
    NewsMessage.objects.bulk_create([_message(channel, part, now) for part in parts])
    return len(parts)


def release(now: datetime) -> None:
    """Send what was held back where the quiet hours have ended: one message for each channel."""
    held = NewsMessage.objects.filter(status=Fate.HELD).select_related("channel")
    for message in held:
        if message.channel is None or not message.channel.quiet_until(now):
            NewsMessage.objects.filter(pk=message.pk, status=Fate.HELD).update(
                status=Fate.QUEUED, released_at=now, next_try_at=now
            )


def forget(now: datetime) -> None:
    """Messages are kept as long as runs are."""
    old = NewsMessage.objects.filter(
        status__in=(Fate.DELIVERED, Fate.GIVEN_UP),
        created_at__lt=now - timedelta(days=settings.RUN_RETENTION_DAYS),
    )
    old.delete()


@transaction.atomic
def _hold(channel: NewsChannel, items: Sequence[str], now: datetime) -> None:
    """Add to what is held back for this channel already."""
    # Whoever else adds to it, or makes one, waits here.
    NewsChannel.objects.select_for_update().get(pk=channel.pk)
    held = NewsMessage.objects.select_for_update().filter(channel=channel, status=Fate.HELD)
    message = held.first()
    if message is None:
        NewsMessage.objects.bulk_create([_message(channel, items, now, Fate.HELD)])
        return
    together = list(dict.fromkeys([*message.items, *items]))
    message.omitted += max(0, len(together) - MAX_ITEMS)
    message.items = together[:MAX_ITEMS]
    message.save(update_fields=["items", "omitted"])


def _message(
    channel: NewsChannel, items: Sequence[str], now: datetime, status: Fate = Fate.QUEUED
) -> NewsMessage:
    waits = status == Fate.HELD
    return NewsMessage(
        channel=channel,
        channel_name=channel.name,
        items=list(items[:MAX_ITEMS]),
        omitted=max(0, len(items) - MAX_ITEMS),
        status=status,
        created_at=now,
        released_at=None if waits else now,
        next_try_at=None if waits else now,
    )
