"""The HTTP edge against a stand-in that misbehaves, over real sockets on loopback."""

import socket
import threading
import time
from typing import Any

import pytest

from mods import errors
from mods.errors import UpstreamError
from mods.http import Client, Limits
from scheduling import registry
from scheduling.errors import RunCancelled
from scheduling.registry import Outcome, RunContext
from vsmanager.standin.server import StandIn

from .conftest import LIMITS

MODS = "/api/mods"


def fetch(upstream: StandIn, path: str = MODS, limits: Limits = LIMITS) -> Any:
    with Client(limits) as client:
        return client.fetch_json(upstream.url + path).value


def failure(upstream: StandIn, fault: str, **options: Any) -> UpstreamError:
    """The error, whose message names the address, that a fault of the catalogue makes."""
    upstream.fail(MODS, fault, **options)
    with pytest.raises(UpstreamError) as caught:
        fetch(upstream)
    assert upstream.url + MODS in str(caught.value)
    assert str(caught.value).count("The stored data stays as it was.") == 1
    return caught.value


def test_it_reads_json_and_says_who_it_is(upstream: StandIn) -> None:
    assert fetch(upstream)["statuscode"] == "200"
    headers = upstream.requests[-1].headers
    assert headers["User-Agent"].startswith("vsmanager/")
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Encoding"] == "gzip"


def test_proxies_of_the_environment_are_not_used(
    upstream: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch(upstream)


def test_nobody_listening() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(errors.Unreachable, match=r"can't be reached: Connection refused"):
        Client(LIMITS).fetch_json(f"http://127.0.0.1:{port}{MODS}")


def test_a_connection_that_is_reset(upstream: StandIn) -> None:
    error = failure(upstream, "refuse")
    assert isinstance(error, errors.Unreachable)
    assert "Connection reset" in str(error)
    assert upstream.count(MODS) == 3


def test_a_host_that_hangs(upstream: StandIn) -> None:
    error = failure(upstream, "hang")
    assert isinstance(error, errors.TooSlow)
    assert "sent nothing for 0.4 s" in str(error)


@pytest.mark.parametrize(
    ("fault", "options"),
    [("drip_headers", {}), ("drip_body", {}), ("drip_body", {"with_length": False})],
)
def test_a_drip_ends_at_the_deadline(upstream: StandIn, fault: str, options: Any) -> None:
    begun = time.monotonic()
    error = failure(upstream, fault, **options)
    assert isinstance(error, errors.TooSlow)
    assert "did not finish its answer within 0.8 s" in str(error)
    assert time.monotonic() - begun < 1.8


def test_a_cancelled_run_lets_go_of_a_host_that_hangs(upstream: StandIn) -> None:
    upstream.fail(MODS, "hang")
    stop = threading.Event()
    context = RunContext(job="test_fetch", run_id=1, stop=stop)
    patient = Limits(read=20, total=20)
    registry.safe_job("test_fetch")(lambda: fetch(upstream, limits=patient))
    threading.Timer(0.05, stop.set).start()
    try:
        begun = time.monotonic()
        outcome: Outcome = registry.get("test_fetch").run(context)
    finally:
        registry.unregister("test_fetch")
    assert isinstance(outcome.error, RunCancelled)
    assert time.monotonic() - begun < 2


def test_a_passing_500_is_tried_again(upstream: StandIn) -> None:
    upstream.fail(MODS, "status", status=500, times=2)
    assert fetch(upstream)["statuscode"] == "200"
    assert upstream.count(MODS) == 3


def test_a_lasting_503(upstream: StandIn) -> None:
    error = failure(upstream, "status", status=503)
    assert "answers 503 Service Unavailable. Tried 3 times; the next run tries again" in str(error)


def test_a_429_with_a_short_wait_is_heeded(upstream: StandIn) -> None:
    upstream.fail(MODS, "status", status=429, retry_after="0", times=1)
    assert fetch(upstream)["statuscode"] == "200"


@pytest.mark.parametrize("retry_after", ["120", "7200", "Fri, 31 Dec 2199 23:59:59 GMT"])
def test_a_429_with_a_long_wait_does_not_hold_the_thread(
    upstream: StandIn, retry_after: str
) -> None:
    begun = time.monotonic()
    error = failure(upstream, "status", status=429, retry_after=retry_after)
    assert isinstance(error, errors.Unavailable)
    assert "answers 429 Too Many Requests. It asks us to come back in" in str(error)
    assert error.retry_after
    assert error.permanent, "no attempt comes as late as that"
    assert time.monotonic() - begun < 0.3
    assert upstream.count(MODS) == 1


@pytest.mark.parametrize("retry_after", ["-5", "soon", "", "1e9"])
def test_a_retry_after_that_makes_no_sense_counts_as_none(
    upstream: StandIn, retry_after: str
) -> None:
    upstream.fail(MODS, "status", status=429, retry_after=retry_after, times=1)
    assert fetch(upstream)["statuscode"] == "200"


def test_a_404_is_not_tried_again(upstream: StandIn) -> None:
    assert "answers 404 Not Found instead of 200 OK" in str(failure(upstream, "status", status=404))
    assert upstream.count(MODS) == 1


def test_what_may_come_of_a_wrong_address_names_its_variable(upstream: StandIn) -> None:
    def said(fault: str, **options: Any) -> str:
        upstream.fail(MODS, fault, **options)
        with Client(LIMITS, setting="MODDB_URL") as client, pytest.raises(UpstreamError) as caught:
            client.fetch_json(upstream.url + MODS)
        return str(caught.value)

    assert "Check MODDB_URL." in said("status", status=404)
    assert "Check MODDB_URL." in said("redirect_loop")
    assert "change MODDB_URL." in said("redirect", to="http://other.example/")
    assert "redirects without saying where. Check MODDB_URL." in said("status", status=302)
    assert "MODDB_URL" not in said("status", status=403)


def test_a_long_wait_is_told_in_words(upstream: StandIn) -> None:
    for seconds, words in (("3600", "in 1 hour, longer"), ("5400", "in 1 hour 30 minutes, longer")):
        assert words in str(failure(upstream, "status", status=429, retry_after=seconds))


@pytest.mark.parametrize(
    ("fault", "options", "reason"),
    [
        ("html", {}, "it looks like a web page.* It begins: <html>"),
        ("truncated", {"with_length": False}, "it breaks off after"),
        ("nul", {"raw": True}, "did not send the expected JSON"),
        ("body", {"text": ""}, "it is empty"),
        ("body", {"text": "not an image"}, "It begins: not an image"),
        ("body", {"text": "[NaN]"}, "it holds NaN, which is no JSON"),
        ("body", {"text": "[-Infinity]"}, "it holds -Infinity"),
        ("body", {"text": "[" * 200_000}, "it is nested too deeply"),
        ("body", {"text": "1" * 5_000}, "a number too long to read"),
        ("body", {"text": "[é]", "encoding": "latin-1"}, "it is not UTF-8 at byte 1"),
        ("body", {"text": "{} {}"}, r"it is no JSON \(position 3\)"),
    ],
)
def test_what_is_no_json(upstream: StandIn, fault: str, options: Any, reason: str) -> None:
    error = failure(upstream, fault, **options)
    assert isinstance(error, errors.BadAnswer)
    with pytest.raises(UpstreamError, match=reason):
        raise error
    assert len(str(error)) < 500


def test_a_byte_order_mark_is_read_over(upstream: StandIn) -> None:
    upstream.fail(MODS, "body", text="\ufeff[1]")
    assert fetch(upstream) == [1]


def test_a_body_that_breaks_off_before_its_length(upstream: StandIn) -> None:
    error = failure(upstream, "truncated")
    assert isinstance(error, errors.Unreachable)
    assert "broke off in the middle of its answer" in str(error)


@pytest.mark.parametrize("fault", ["oversize", "gzip_bomb"])
def test_a_body_over_the_limit_is_not_read_to_its_end(upstream: StandIn, fault: str) -> None:
    error = failure(upstream, fault)
    assert isinstance(error, errors.TooLarge)
    assert "sent more than 4,194,304 bytes (unpacked)" in str(error)


def test_a_zip_that_can_not_be_unpacked(upstream: StandIn) -> None:
    upstream.fail(MODS, "body", text="no gzip", content_encoding="gzip")
    with pytest.raises(errors.BadAnswer, match=r"a body that can't be unpacked\. The stored"):
        fetch(upstream)


def test_a_redirect_within_the_host_is_followed(upstream: StandIn) -> None:
    upstream.fail("/old", "redirect", to=MODS)
    assert fetch(upstream, "/old")["statuscode"] == "200"


def test_a_redirect_in_a_circle(upstream: StandIn) -> None:
    error = failure(upstream, "redirect_loop")
    assert isinstance(error, errors.BadRedirect)
    assert "redirects more than 3 times, perhaps in a circle" in str(error)
    assert upstream.count(MODS) == 4


@pytest.mark.parametrize(
    "target",
    [
        "http://other.example/api/mods",
        "//other.example/api/mods",
        "http://127.0.0.1:1/api/mods",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "https://127.0.0.1/api/mods",
        "file:///etc/passwd",
        "http://[broken",
        "http://127.0.0.1:port/",
    ],
)
def test_a_redirect_to_another_host_is_refused(upstream: StandIn, target: str) -> None:
    error = failure(upstream, "redirect", to=target)
    assert isinstance(error, errors.BadRedirect)
    assert "only redirects within one host are followed" in str(error)


def test_the_body_of_a_redirect_is_not_read(upstream: StandIn) -> None:
    upstream.fail("/old", "gzip_bomb", status=302, location=MODS)
    assert fetch(upstream, "/old")["statuscode"] == "200"


def test_a_query_is_not_repeated_in_messages(upstream: StandIn) -> None:
    upstream.fail(MODS, "html")
    with pytest.raises(UpstreamError) as caught:
        fetch(upstream, f"{MODS}?token=secret")
    assert "secret" not in str(caught.value)


def test_headers_beyond_reason(upstream: StandIn) -> None:
    error = failure(upstream, "many_headers")
    assert isinstance(error, errors.Unreachable)
