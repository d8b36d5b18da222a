"""What an upstream can do wrong. Each takes the exchange, and options with defaults."""

import gzip
from collections.abc import Callable
from typing import Any

from .exchange import Exchange

Fault = Callable[..., None]
_MIB = 1024 * 1024


def refuse(exchange: Exchange) -> None:
    exchange.reset()


def hang(exchange: Exchange, seconds: float = 300) -> None:
    exchange.wait(seconds)
    exchange.close_connection = True


def drip_headers(exchange: Exchange, pause: float = 0.02) -> None:
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while exchange.wait(pause):
        exchange.wfile.write(b"x")


def drip_body(exchange: Exchange, pause: float = 0.02, with_length: bool = True) -> None:
    exchange.send_head({"Content-Length": "1000000"} if with_length else {})
    exchange.end_headers()
    while exchange.wait(pause):
        exchange.wfile.write(b" ")


def many_headers(exchange: Exchange) -> None:
    exchange.send(b"{}", {f"X-{number}": "x" for number in range(500)})


def status(exchange: Exchange, status: int = 500, retry_after: str | None = None) -> None:
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    exchange.send(b"", headers, status=status)


def html(exchange: Exchange) -> None:
    exchange.send(b"<html><body><h1>Fatal error</h1> in <b>index.php</b></body></html>")


def truncated(exchange: Exchange, share: float = 0.5, with_length: bool = True) -> None:
    """The body breaks off; without its length only its end tells."""
    body = exchange.standin.world.body(exchange.plain_path) or b""
    part = body[: int(len(body) * share)]
    exchange.send(part, length=len(body) if with_length else len(part))


def content(exchange: Exchange, value: Any) -> None:
    """Another JSON value in place of the usual one."""
    exchange.send_value(value)


def body(
    exchange: Exchange, text: str, encoding: str = "utf-8", content_encoding: str = "identity"
) -> None:
    """Another text in place of JSON."""
    exchange.send(text.encode(encoding), {"Content-Encoding": content_encoding})


def wrong_statuscode(exchange: Exchange, code: str = "404") -> None:
    exchange.send_value({"statuscode": code})


def empty(exchange: Exchange) -> None:
    exchange.send_value({"statuscode": "200", "mods": []} if _is_list(exchange) else {})


def shrunken(exchange: Exchange, keep: float = 0.4) -> None:
    answer = exchange.value()
    if _is_list(exchange):
        answer["mods"] = answer["mods"][: int(len(answer["mods"]) * keep)]
    else:
        answer = dict(list(answer.items())[: int(len(answer) * keep)])
    exchange.send_value(answer)


def duplicate_ids(exchange: Exchange, rows: int = 1) -> None:
    """The first rows come again at the end, under another name; of a mod, its releases."""
    answer = exchange.value()
    listed = answer["mods"] if _is_list(exchange) else answer["mod"]["releases"]
    listed += [{**row, "name": "A double"} for row in listed[:rows]]
    exchange.send_value(answer)


def wrong_types(
    exchange: Exchange, rows: int = 3, field: str = "downloads", value: Any = "many"
) -> None:
    """In the first rows; of a mod in itself and its releases, where they have such a field."""
    answer = exchange.value()
    for row in _rows(exchange, answer)[:rows]:
        if field in row:
            row[field] = value
    exchange.send_value(answer)


def nul(exchange: Exchange, raw: bool = False) -> None:
    """NUL in names, escaped as JSON can, or as bytes where JSON can't have any."""
    if raw:
        exchange.send(b'{"statuscode":"200","mods":[\0\0]}')
        return
    answer = exchange.value()
    for row in _rows(exchange, answer)[:3]:
        row["name"] = f"{row.get('name', '')}\0"
    exchange.send_value(answer)


def oversize(exchange: Exchange, mebibytes: int = 100) -> None:
    """A body without a length that goes on and on."""
    exchange.send_head({})
    exchange.end_headers()
    for _ in range(mebibytes):
        exchange.wfile.write(b" " * _MIB)


def gzip_bomb(
    exchange: Exchange, mebibytes: int = 600, status: int = 200, location: str = ""
) -> None:
    exchange.send_head({"Content-Encoding": "gzip", "Location": location}, status)
    exchange.end_headers()
    ten = gzip.compress(b" " * (10 * _MIB))
    for _ in range(mebibytes // 10):
        exchange.wfile.write(ten)


def redirect(exchange: Exchange, to: str, status: int = 302) -> None:
    exchange.send(b"", {"Location": to}, status=status)


def redirect_loop(exchange: Exchange) -> None:
    redirect(exchange, exchange.plain_path)


def _rows(exchange: Exchange, answer: Any) -> list[Any]:
    if _is_list(exchange):
        return list(answer["mods"])
    return [answer["mod"], *answer["mod"]["releases"]]


def _is_list(exchange: Exchange) -> bool:
    return exchange.plain_path == "/api/mods"


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        refuse, hang, drip_headers, drip_body, many_headers, status, html, truncated, content, body,
        wrong_statuscode, empty, shrunken, duplicate_ids, wrong_types, nul, oversize, gzip_bomb,
        redirect, redirect_loop,
    )
}  # fmt: skip
