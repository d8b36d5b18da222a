"""One request to the stand-in and its answer: what faults are made of."""

import json
import socket
import struct
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import StandIn

_RESET = struct.pack("ii", 1, 0)


class Exchange(BaseHTTPRequestHandler):
    """Answers GET from the world, or as the fault planned for the path would have it."""

    protocol_version = "HTTP/1.1"
    # A client that connects and says nothing must not keep the stand-in from stopping.
    timeout = 5
    standin: "StandIn"

    def do_GET(self) -> None:
        self.plain_path = self.path.partition("?")[0]
        self.standin.note(self.command, self.plain_path, dict(self.headers))
        fault = self.standin.next_fault(self.plain_path)
        try:
            with self.standin.busy():
                self.answer(fault)
        except OSError:
            # The client had enough. That is what most faults are for.
            self.close_connection = True

    def answer(self, fault: Callable[["Exchange"], None] | None) -> None:
        if fault:
            fault(self)
        else:
            self.serve()

    def do_POST(self) -> None:
        if self.path != "/_control":
            self.send(b"", status=405)
            return
        length = int(self.headers.get("Content-Length", 0))
        try:
            self.standin.control(json.loads(self.rfile.read(length)))
        except (ValueError, TypeError, KeyError) as error:
            self.send(f"{error}\n".encode(), status=400)
        else:
            self.send(b"{}")

    def serve(self) -> None:
        """The answer of a healthy upstream."""
        zipped = "gzip" in self.headers.get("Accept-Encoding", "")
        body = self.standin.world.body(self.plain_path, zipped)
        if body is None:
            self.send(b"nothing here\n", status=404)
        elif zipped:
            self.send(body, {"Content-Encoding": "gzip"})
        else:
            self.send(body)

    def value(self) -> Any:
        """A copy, to be spoilt, of what a healthy upstream would answer."""
        return json.loads(json.dumps(self.standin.world.value(self.plain_path)))

    def send_value(self, value: Any) -> None:
        self.send(json.dumps(value).encode())

    def send(
        self,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        status: int = 200,
        length: int | None = None,
    ) -> None:
        """A whole answer; ``length`` tells another length than the true one."""
        self.send_head({"Content-Length": str(len(body) if length is None else length)}, status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_head(self, headers: dict[str, str], status: int = 200) -> None:
        """The beginning of an answer; ``end_headers()`` has to follow."""
        self.close_connection = True
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Connection": "close"}.items():
            self.send_header(name, headers.pop(name, value))
        for name, value in headers.items():
            self.send_header(name, value)

    def wait(self, seconds: float) -> bool:
        """Wait so long; False when the stand-in stops."""
        return not self.standin.stopping.wait(seconds)

    def reset(self) -> None:
        """Drop the connection without a word, as a host does that refuses it."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's own name
        pass
