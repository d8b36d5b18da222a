"""How far a run has come, as its job says. No Django, no APScheduler."""

from typing import Any, NamedTuple

from .text import clean

MAX_TEXT = 200
# Whole numbers up to here are the same in every reader of JSON; nobody counts further.
_END = 2**53


class Progress(NamedTuple):
    """``done`` of ``total`` (None: nobody knows how many), and a line that says of what."""

    done: float
    total: float | None = None
    text: str = ""


def reported(done: Any, total: Any, text: Any) -> Progress | None:
    """What a job reported, made fit to store; None where ``done`` is no number from 0 on.

    Raises nothing: a job must not fail for what it tells about itself.
    """
    number = _number(done)
    return None if number is None else Progress(number, _number(total) or None, _line(text))


def _number(value: Any) -> float | None:
    if value is None:
        return None
    try:
        number: float = int(value) if isinstance(value, int) else float(value)
    except Exception:  # noqa: BLE001 - a value of the job's may raise whatever it likes
        return None
    # Neither infinity nor NaN is in between.
    return number if 0 <= number < _END else None


def _line(text: Any) -> str:
    try:
        # What is longer would be cut anyway, and need not be looked through.
        return clean(" ".join(str(text)[: 4 * MAX_TEXT].split()), MAX_TEXT)
    except Exception:  # noqa: BLE001 - the same
        return ""
