"""The log: an event a line, in a form that programs read and that no event can garble."""

import json
import subprocess
import sys

import pytest

BEGIN = """
import decimal, logging, sys, threading
import structlog
from vsmanager import logs
logs.configure("json", "INFO")
log = structlog.get_logger("tides")
"""


def written(code):
    """What a process writes to stderr that logs as JSON and then does this."""
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN + code], capture_output=True, check=True, timeout=60
    )
    return ended.stderr.decode()


def lines(code):
    # Not splitlines(): that takes more for the end of a line than most readers do.
    return [json.loads(line) for line in written(code).split("\n")[:-1]]


def test_an_event_is_a_line_with_its_fields():
    (line,) = lines('log.info("tide_turned", height=3, of="Öresund")')
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "tide_turned",
        "height": 3,
        "of": "Öresund",
        "level": "info",
        "logger": "tides",
    }


def test_a_record_of_a_library_has_the_same_form():
    (line,) = lines('logging.getLogger("sea").warning("%s is low", "water", extra={"depth": 2})')
    assert line["event"] == "water is low"
    assert (line["level"], line["logger"], line["depth"]) == ("warning", "sea", 2)


def test_what_django_refused_is_a_warning_without_a_traceback():
    code = """
for name, status in (("django.security.DisallowedHost", 400), ("django.request", 500)):
    logging.getLogger(name).error("no", extra={"status_code": status}, exc_info=ValueError())
"""
    refused, failed = lines(code)
    assert (refused["level"], refused.get("exception")) == ("warning", None)
    assert failed["level"] == "error"
    assert "ValueError" in failed["exception"]


def test_a_line_can_be_searched_for_what_it_tells():
    assert '"event": "tide_turned"' in written('log.info("tide_turned", height=3)')


VALUES = [
    'decimal.Decimal("1.5")',
    "{1: {2}}",
    "object",
    "1 << 70",
    'float("nan")',
    r'"\x9b31m\u2028"',
    r'b"\xff"',
    r'"\ud800"',
    "{(1, 2): 3}",
    "[[]] * 3",
    "Shy()",
    "{Shy(): 1}",
]
SHY = """
class Shy:
    def __repr__(self):
        raise RuntimeError
"""


def test_no_value_splits_or_loses_its_line():
    code = SHY + "\n".join(f'log.info("odd", value={value})' for value in VALUES)
    assert [line["event"] for line in lines(code)] == ["odd"] * len(VALUES)


def test_no_value_loses_its_line_on_a_terminal():
    code = SHY + 'logs.configure("console", "INFO")\nlog.info("odd", value=Shy(), of="sea")'
    text = written(code)
    assert "odd" in text
    assert "sea" in text


def test_what_a_terminal_might_obey_is_escaped():
    text = written(r'log.info("name", mod="\x1b[31mred\x9b0m\nnew line\u2028")')
    assert text.isascii()
    assert text.count("\n") == 1
    assert "\x1b" not in text


@pytest.mark.parametrize("logger", ["log", "logging.getLogger()"])
def test_an_exception_comes_with_its_traceback(logger):
    (line,) = lines(f"""
try:
    raise ValueError("too deep")
except ValueError:
    {logger}.exception("dive_failed")
""")
    assert line["level"] == "error"
    assert "ValueError: too deep" in line["exception"]


def test_what_is_below_the_level_is_not_written():
    assert lines('log.debug("whisper")\nlogging.getLogger().debug("whisper")') == []


def test_a_closed_stderr_stops_nobody():
    assert lines('sys.stderr.close()\nlog.info("unheard")\nsys.stderr = None\nlog.info("x")') == []


def test_lines_of_many_threads_stay_whole():
    told = lines("""
def tell():
    for number in range(300):
        log.info("told", number=number, text="x" * 500)
threads = [threading.Thread(target=tell) for _ in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
""")
    assert len(told) == 8 * 300
