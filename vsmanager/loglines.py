"""Whatever is logged becomes one line of JSON, and whatever is told on stderr is logged."""

import json
import logging
import math
import sys
import threading
from types import TracebackType
from typing import Any

from structlog.types import EventDict, WrappedLogger

from scheduling.text import clean

logger = logging.getLogger("python")


def as_json(event: Any, **_options: Any) -> str:
    """structlog's serializer. The standard's JSON, from any value, without a line break."""
    try:
        return json.dumps(event, default=_plain, allow_nan=False)
    except Exception:  # noqa: BLE001 - the methods of a stranger's value are called
        return json.dumps(_tamed(event))


def _plain(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - as above
        return f"a {type(value).__name__} that can't be told ({type(error).__name__})"


def _tamed(value: Any, depth: int = 0) -> Any:
    """For NaN, keys that are no text, what contains itself: rare, so it may take its time."""
    if isinstance(value, dict) and depth < 10:
        return {clean(_plain(key)): _tamed(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple) and depth < 10:
        return [_tamed(item, depth + 1) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 1 << 63:
        return value
    return clean(_plain(value), 2_000)


def without_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: Django's records bring the request as an object, whose text holds
    what people search for; its path stands in the event."""
    if "request" in event and not isinstance(event["request"], str | int):
        del event["request"]
    return event


def refusals_in_a_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: what Django refused (a wrong Host, a filter that is none) is no
    failure of ours, and anybody can cause any number of them."""
    if event["_record"].name.startswith("django.") and event.get("status_code", 500) < 500:
        event.pop("exc_info", None)
        event["level"] = "warning"
    return event


class Handler(logging.StreamHandler[Any]):
    """A record that can't be formatted is told as one that says so, not as a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        error = sys.exc_info()[1]
        if record.name == logger.name:
            return
        where = f"{record.pathname}:{record.lineno}"
        logger.error("record_not_logged", extra={"where": where, "error": _plain(error)})


def catch_all() -> None:
    """Log what Python would write to stderr by itself: warnings, and what nobody caught."""
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def _uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logger.critical("uncaught_exception", exc_info=(kind, error, traceback))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or args.exc_type is SystemExit:
        return
    told = (args.exc_type, args.exc_value, args.exc_traceback)
    name = args.thread.name if args.thread else ""
    logger.critical("thread_died", exc_info=told, extra={"thread_name": name})


def _unraisable(args: Any) -> None:
    told = (args.exc_type, args.exc_value, args.exc_traceback)
    logger.error("unraisable_exception", exc_info=told, extra={"where": _plain(args.object)})
