"""The job that finds what is new and delivers it."""

from django.utils import timezone
from django.utils.translation import gettext_noop

from scheduling.errors import JobFailed
from scheduling.registry import safe_job

from . import delivery, outbox
from .look import look


@safe_job(
    "send_news",
    interval_seconds=60,
    min_interval_seconds=10,
    timeout_seconds=120,
    description=gettext_noop(
        "Tells people what they want to know: looks at what changed, delivers what is due."
    ),
)
def send_news() -> dict[str, int]:
    """Tells people what they want to know: looks at what changed, delivers what is due."""
    now = timezone.now()
    counts = look(now)
    outbox.release(now)
    tally = delivery.deliver_due(now)
    outbox.forget(now)
    summary = counts | tally.counts()
    if tally.given_up:
        raise JobFailed(
            f"{tally.given_up} message(s) were given up. The history of messages says why.",
            result=summary,
        )
    return summary
