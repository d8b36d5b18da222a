"""Hands a message to the process that sends (``courier``), and says in words what became of it."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from scheduling.registry import current_run

from . import courier, problems

# What one message may take; a person who tests an address waits as long.
SECONDS = 15
_PROJECT = Path(__file__).resolve().parents[2]
# What the process gets of our environment: nothing with secrets or proxies in it.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
_GLANCE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``problem`` is empty when all went well; it is a sentence, and holds no secret."""

    problem: str
    service: str = ""


def try_address(address: str) -> Answer:
    """Whether this is an address that may be sent to; sends nothing."""
    return _asked(address, "", "", SECONDS)


def send(address: str, title: str, body: str, seconds: float = SECONDS) -> Answer:
    """Send one message, which takes ``seconds`` at most. Raises when the run shall stop."""
    return _asked(address, title, body, seconds)


def _asked(address: str, title: str, body: str, seconds: float) -> Answer:
    told = _carried(
        {
            "address": address,
            "title": title,
            "body": body,
            "seconds": seconds,
            "allow_private": settings.NEWS_ALLOW_PRIVATE,
        },
        seconds,
    )
    problem = _in_words(told["problem"], told["detail"], seconds)
    return Answer(problem=problem, service=told["service"][:60])


def _carried(asked: dict[str, Any], seconds: float) -> dict[str, str]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        out = _run(json.dumps(asked).encode(), environment, seconds)
    except OSError:
        out = b""
    if out is None:
        return {"problem": problems.TOO_SLOW, "detail": "", "service": ""}
    try:
        told = json.loads(out)
        return {name: str(told[name]) for name in ("problem", "detail", "service")}
    except (ValueError, KeyError, TypeError):
        return {"problem": problems.BROKEN, "detail": "", "service": ""}


def _run(text: bytes, environment: dict[str, str], seconds: float) -> bytes | None:
    """What the process said; None when it took too long. It has ended in any case."""
    process = subprocess.Popen(  # noqa: S603 - our own module, nothing of it from outside
        [sys.executable, "-m", courier.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_PROJECT,
        env=environment,
        # A Ctrl-C on the terminal is for the worker, which lets its runs finish.
        start_new_session=True,
    )
    try:
        return _waited_for(process, text, seconds)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _waited_for(process: "subprocess.Popen[bytes]", text: bytes, seconds: float) -> bytes | None:
    """What it said; None when it took too long."""
    ends = time.monotonic() + seconds
    run, unsent = current_run(), text or None
    while time.monotonic() < ends:
        run.check()
        try:
            return process.communicate(unsent, timeout=_GLANCE)[0]
        except subprocess.TimeoutExpired:
            # Called again it goes on where it was.
            unsent = None
    return None


def _in_words(problem: str, detail: str, seconds: float) -> str:
    if not problem:
        return ""
    sentence = problems.SENDING.get(problem, problems.SENDING[problems.BROKEN])
    if problem == problems.TOO_SLOW:
        return _(sentence) % {"seconds": seconds}
    return " ".join(filter(None, (_(sentence), detail)))
