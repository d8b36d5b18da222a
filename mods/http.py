"""The one place that talks to upstreams: bounded in time and size, its errors in our words."""

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import requests
import urllib3

from scheduling.registry import current_run

from . import calls, strictjson
from .errors import (
    KEPT,
    BadAnswer,
    BadRedirect,
    TooLarge,
    TooSlow,
    Unavailable,
    Unreachable,
    Untrusted,
    UpstreamError,
)
from .redirect import redirected, shown
from .retryafter import in_words, seconds
from .watch import Sockets, Watch, WatchedAdapter

_HEADERS = {
    "User-Agent": "vsmanager/0.1 (mod and game version cache of a Vintage Story server)",
    # Without it the mod database answers "not an image" with status 200.
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}
_CHUNK = 65_536
# More would be no length that anybody sends.
_DIGITS = 16
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one fetch may cost. Times in seconds; ``total`` holds over all attempts."""

    connect: float = 10
    read: float = 20
    total: float = 60
    max_bytes: int = 64 * 1024 * 1024
    attempts: int = 3
    backoff: float = 1
    longest_wait: float = 15
    redirects: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The JSON value that came, and how many bytes it was when unpacked."""

    value: Any
    size: int


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Redirects are for us to follow: requests would first read the whole body of one."""


class Client:
    """Fetches JSON. For one thread; close it, or use it in a ``with``."""

    def __init__(
        self,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        setting: str = "the address",
        on_read: Callable[[int, int | None], None] = lambda _read, _length: None,
        before: Callable[[], None] = lambda: None,
        sent: Callable[[], None] = lambda: None,
    ) -> None:
        # What messages tell the operator to look at: the variable that holds the address.
        self._setting = setting
        self._limits, self._clock = limits or Limits(), clock
        # Told after each piece: the bytes that came over the wire, and how many there will be.
        self._on_read = on_read
        # Called before and after each request is sent, those of redirects and new attempts too.
        self._before = before
        self._sockets = Sockets(sent)
        self._session = _Session()
        # Proxies, netrc and certificates from the environment would change whom we talk to.
        self._session.trust_env = False
        self._session.headers.update(_HEADERS)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, WatchedAdapter(self._sockets))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._session.close()

    def fetch_json(self, url: str) -> Answer:
        """GET ``url`` and read its JSON. Raises as ``fetch`` does."""
        body = self.fetch(url)
        return Answer(value=strictjson.read(body, shown(url)), size=len(body))

    def fetch(self, url: str) -> bytearray:
        """GET ``url``; its body, unpacked.

        Raises an UpstreamError whose message says what happened and what comes next, or
        RunCancelled when the current run shall stop.
        """
        with Watch(self._sockets, self._limits.total, self._clock) as watch:
            try:
                return self._fetch(url, watch)
            except UpstreamError as error:
                error.args = (f"{error} {KEPT}",)
                raise

    def _fetch(self, url: str, watch: Watch) -> bytearray:
        for attempt in range(1, self._limits.attempts + 1):
            try:
                return self._follow(url, watch)
            except (Unreachable, Unavailable) as error:
                last = error
                if attempt < self._limits.attempts:
                    current_run().sleep(self._pause(error, attempt, watch))
        raise type(last)(f"{last} Tried {self._limits.attempts} times; the next run tries again.")

    def _pause(self, error: UpstreamError, attempt: int, watch: Watch) -> float:
        """Seconds until the next attempt; raises where they are more than a run can wait."""
        asked = error.retry_after if isinstance(error, Unavailable) else None
        pause = self._limits.backoff * 2 ** (attempt - 1) if asked is None else asked
        if pause <= min(self._limits.longest_wait, watch.left):
            return pause
        if asked is None:
            raise error
        raise Unavailable(
            f"{error} It asks us to come back in {in_words(asked)}, longer than a run waits; "
            "the next run tries again.",
            retry_after=asked,
        )

    def _follow(self, url: str, watch: Watch) -> bytearray:
        first = url
        for _ in range(self._limits.redirects + 1):
            self._before()
            with (
                calls.seen(self._setting, shown(url)) as call,
                self._translated(url, watch),
                self._get(url, watch, call.headers) as response,
            ):
                call.status = response.status_code
                if response.status_code not in _REDIRECTS:
                    _check_status(response, url, self._setting)
                    return self._read(response, url, watch)
                location = response.headers.get("Location", "")
            url = redirected(url, location, self._setting)
        raise BadRedirect(
            f"{shown(first)} redirects more than {self._limits.redirects} times, perhaps in a "
            f"circle. Check {self._setting}."
        )

    def _get(self, url: str, watch: Watch, headers: dict[str, str]) -> requests.Response:
        watch.check(shown(url))
        connect, read = (
            max(0.01, min(seconds, watch.left))
            for seconds in (self._limits.connect, self._limits.read)
        )
        return self._session.get(
            url, headers=headers, stream=True, allow_redirects=False, timeout=(connect, read)
        )

    def _read(self, response: requests.Response, url: str, watch: Watch) -> bytearray:
        body, length = bytearray(), _length(response)
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            self._on_read(response.raw.tell(), length)
            watch.check(shown(url))
            if len(body) > self._limits.max_bytes:
                raise TooLarge(
                    f"{shown(url)} sent more than {self._limits.max_bytes:,} bytes (unpacked), "
                    "the most that is read."
                )
        # A body without a length ends like this when the watch shut its socket, too.
        watch.check(shown(url))
        return body

    @contextlib.contextmanager
    def _translated(self, url: str, watch: Watch) -> Iterator[None]:
        try:
            yield
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            UnicodeError,
        ) as error:
            watch.check(shown(url))
            raise self._in_words(error, shown(url)) from error

    def _in_words(self, error: Exception, address: str) -> UpstreamError:
        root = _root(error)
        if isinstance(error, requests.ConnectTimeout):
            return Unreachable(f"{address} can't be reached: no connection in time.")
        if isinstance(error, requests.ReadTimeout | urllib3.exceptions.ReadTimeoutError):
            return TooSlow(
                f"{address} sent nothing for {self._limits.read:g} s. It may be overloaded; the "
                "next run tries again."
            )
        if isinstance(error, urllib3.exceptions.DecodeError):
            return BadAnswer(f"{address} sent a body that can't be unpacked.")
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Untrusted(
                f"{address} shows a certificate that is not valid for it ({root}). Check the "
                "address and this machine's clock."
            )
        if isinstance(root, http.client.IncompleteRead | urllib3.exceptions.IncompleteRead):
            return Unreachable(f"{address} broke off in the middle of its answer.")
        reason = getattr(root, "strerror", None) or str(root) or type(root).__name__
        return Unreachable(
            f"{address} can't be reached: {reason}. Check {self._setting} and the network."
        )


def _root(error: BaseException) -> BaseException:
    """The innermost cause: urllib3 and requests wrap it in their reasons and arguments."""
    for _ in range(10):
        inner = [getattr(error, "reason", None), *reversed(error.args), error.__cause__]
        wrapped = next((part for part in inner if isinstance(part, BaseException)), None)
        if wrapped is None:
            break
        error = wrapped
    return error


def _check_status(response: requests.Response, url: str, setting: str) -> None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    with contextlib.suppress(ValueError):
        status = HTTPStatus(status)
    name = f"{status.value} {status.phrase}" if isinstance(status, HTTPStatus) else str(status)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = seconds(response.headers.get("Retry-After", ""))
        raise Unavailable(f"{shown(url)} answers {name}.", retry_after=wait)
    hint = f" Check {setting}." if status == HTTPStatus.NOT_FOUND else ""
    raise BadAnswer(f"{shown(url)} answers {name} instead of 200 OK.{hint}")


def _length(response: requests.Response) -> int | None:
    """How many bytes are to come over the wire, packed as they are; None when it is not told."""
    told = response.headers.get("Content-Length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < _DIGITS else None
