"""What people may set around a schedule, refused in the same words everywhere. Pure."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .errors import InvalidSchedule
from .text import clean

MAX_TIMEOUT = 7 * 86_400
MAX_RETRIES = 20
MAX_REASON = 200
# What runs wait in for Procrastinate's workers. Its name is part of that of a channel, which
# PostgreSQL cuts at 63 bytes.
QUEUE = "default"
MAX_QUEUE = 40
MAX_PRIORITY = 1_000
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
# A pause "until this day next year" is one, in leap years too.
MAX_PAUSE = timedelta(days=366)


def check_timeout(value: Any) -> int | None:
    """Seconds; None = no limit. Raises InvalidSchedule."""
    if value is None or (_is_whole(value) and 1 <= value <= MAX_TIMEOUT):
        return value  # type: ignore[no-any-return]
    raise InvalidSchedule(
        _("The timeout must be empty (no limit) or a whole number of seconds from 1 to %(most)s.")
        % {"most": number_format(MAX_TIMEOUT, force_grouping=True)}
    )


def check_retries(value: Any) -> int:
    """How many. Raises InvalidSchedule."""
    if _is_whole(value) and 0 <= value <= MAX_RETRIES:
        return int(value)
    raise InvalidSchedule(
        _("The retries must be a whole number from 0 to %(most)d.") % {"most": MAX_RETRIES}
    )


def check_queue(value: Any) -> str:
    """The name of a queue; "" is the usual one. Raises InvalidSchedule."""
    if value == "":
        return QUEUE
    if isinstance(value, str) and len(value) <= MAX_QUEUE and _QUEUE_NAME.fullmatch(value):
        return value
    raise InvalidSchedule(
        _("The name of a queue has letters, digits, _ . and -, %(most)d at most.")
        % {"most": MAX_QUEUE}
    )


def check_priority(value: Any) -> int:
    """Higher goes first. Raises InvalidSchedule."""
    if _is_whole(value) and abs(value) <= MAX_PRIORITY:
        return int(value)
    raise InvalidSchedule(
        _("The priority must be a whole number from -%(most)d to %(most)d.")
        % {"most": MAX_PRIORITY}
    )


def check_pause_end(value: Any) -> datetime | None:
    """A moment, also as ISO 8601 text; None = until resumed. Raises InvalidSchedule."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = ""
    if moment is None or (isinstance(moment, datetime) and moment.utcoffset() is not None):
        return moment
    raise InvalidSchedule(
        _(
            "The end of a pause is a date and time with its offset from UTC, such as "
            "2026-01-31T14:00:00+01:00, or nothing."
        )
    )


def check_pause_to_come(ends: datetime | None, now: datetime) -> None:
    """Raises InvalidSchedule for an end that a new pause can't have."""
    if ends and not timedelta() < ends - now <= MAX_PAUSE:
        raise InvalidSchedule(
            _("The end of a pause must lie in the future, and at most a year ahead.")
        )


def check_reason(value: Any) -> str:
    """One line of text. Raises InvalidSchedule."""
    reason = clean(" ".join(value.split())) if isinstance(value, str) else None
    if reason is None or len(reason) > MAX_REASON:
        raise InvalidSchedule(
            _("A reason is a text of at most %(most)d characters.") % {"most": MAX_REASON}
        )
    return reason


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
