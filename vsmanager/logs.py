"""One log for everything: structlog's events and the libraries' own records, in one form."""

import logging
import logging.config
import sys
import threading
from collections.abc import Callable
from io import StringIO
from typing import Any, TextIO

import msgspec
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from scheduling import redact, runlog
from scheduling.text import clean

from . import loglines, tracing


class ToStderr:
    """Writes log lines to wherever stderr is now, and loses them rather than fail.

    A job must not fail because the log's disk is full or its reader has gone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        with self._lock:
            self._try(lambda stream: stream.write(text))

    def flush(self) -> None:
        self._try(lambda stream: stream.flush())

    def _try(self, action: Callable[[TextIO], object]) -> None:
        stream: TextIO | None = sys.stderr
        try:
            if stream:
                action(stream)
        except BrokenPipeError:
            # Nobody will ever read this again, and Python would fail on it at its exit.
            sys.stderr = None
        except (OSError, ValueError):
            pass


# Of our own making, or not for eyes.
_PLAIN = frozenset(("timestamp", "level", "logger", "job", "exc_info", "stack_info"))


def tame(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: nothing that is logged garbles the log, tells a secret, or fails to
    be written."""
    for name, value in event.items():
        if name in _PLAIN or name.startswith("_"):
            continue
        if isinstance(value, str):
            event[name] = redact.MASK if redact.is_secret(name) else redact.redacted(clean(value))
        elif isinstance(value, int) and abs(value) >= 1 << 63:
            # Python refuses to print numbers of thousands of digits.
            event[name] = f"a number of {value.bit_length()} bits"
        elif value is not None and not isinstance(value, int | float):
            event[name] = redact.MASK if redact.is_secret(name) else redact.value(value)
    return event


class EventLogger:
    """Writes structlog's rendered events. By way of ``logging`` an event takes three times as
    long, and a run of a quick job is mostly its two events."""

    def __init__(self, stream: ToStderr, name: str = "") -> None:
        self.name, self._stream = name, stream

    def msg(self, line: str) -> None:
        self._stream.write(f"{line}\n")

    debug = info = warning = error = critical = msg


def _redact_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name in ("exception", "stack"):
        if isinstance(text := event.get(name), str):
            event[name] = redact.redacted(text)
    return event


def _plain_traceback(stream: TextIO, exc_info: Any) -> None:
    # Where the package rich is installed the default tells the values of all variables too.
    told = StringIO()
    structlog.dev.plain_traceback(told, exc_info)
    stream.write(redact.redacted(told.getvalue()))


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() if sys.stderr else False,
        exception_formatter=_plain_traceback,
    )


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """The event as one line, in ASCII: what a terminal might obey is escaped."""
    try:
        # With spaces, as json.dumps writes it: people search their logs for `"event": "..."`.
        line = msgspec.json.format(_encoder.encode(event), indent=0).decode()
    except Exception:  # noqa: BLE001 - it takes fewer kinds of values than json does
        line = ""
    return line if line and line.isascii() else loglines.as_json(event)


def _safely(render: Processor) -> Processor:
    """Whoever logs something that can't be shown must not fail for that."""

    def rendered(logger: WrappedLogger, method: str, event: EventDict) -> Any:
        try:
            # A renderer may take its event apart.
            return render(logger, method, dict(event))
        except Exception as error:  # noqa: BLE001 - the values' own methods are called
            shown = {name: value for name, value in event.items() if isinstance(value, str | int)}
            return render(logger, method, {**shown, "not_shown": type(error).__name__})

    return rendered


_encoder = msgspec.json.Encoder()


def configure(form: str, level: str) -> None:
    """Send structlog and logging to stderr as ``form`` (``console`` or ``json``)."""
    stderr = ToStderr()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        tame,
        runlog.capture,
        # Not into the history: a trace is gone sooner.
        *tracing.processors(),
    ]
    render: list[Processor] = (
        [_safely(_console())]
        if form == "console"
        else [structlog.processors.format_exc_info, _redact_exception, _json]
    )
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=lambda *names: EventLogger(stderr, *names),
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structlog": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [
                        structlog.stdlib.ExtraAdder(),
                        loglines.without_request,
                        *shared,
                        loglines.refusals_in_a_line,
                    ],
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        *render,
                    ],
                }
            },
            "handlers": {
                "stderr": {
                    "class": "vsmanager.loglines.Handler",
                    "stream": stderr,
                    "formatter": "structlog",
                }
            },
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # These tell each wake-up and each job; our own events say what matters.
                "apscheduler": {"level": "WARNING"},
                # It tells each path that is fetched; that of DEADMAN_URL is a secret.
                "urllib3": {"level": "WARNING"},
                "procrastinate": {"level": "WARNING"},
                # vsmanager.signin tells of failures, without what was typed.
                "axes": {"level": "ERROR"},
                "django.server": {"level": "WARNING"},
            },
        }
    )
