"""The header Retry-After: for how long an upstream asks us to stay away."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scheduling.triggers import seconds_in_words


def seconds(header: str) -> float | None:
    """A number of seconds, or the time until a date. None for anything else."""
    if header.isascii() and header.isdigit():
        return float(header[:10])
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def in_words(wait: float) -> str:
    return seconds_in_words(round(wait))
