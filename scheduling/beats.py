"""What else shall happen when the leader has beaten; other apps register it."""

from collections.abc import Callable

import structlog

logger = structlog.get_logger(__name__)

_calls: list[Callable[[], None]] = []


def on_leader_beat(call: Callable[[], None]) -> Callable[[], None]:
    """Have ``call`` called after each beat of the leader that the database took.

    In the thread that beats, every 5 seconds: whoever has more to do than a glance does it in
    a thread of its own.
    """
    if call not in _calls:
        _calls.append(call)
    return call


def tell() -> None:
    for call in _calls:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the heart beats on
            logger.warning("beat_call_failed", call=call.__qualname__, kind=type(error).__name__)
