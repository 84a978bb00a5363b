"""A vendor on loopback: a real HTTP server that answers what a test tells it to, and keeps what it
was asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    port: int
    """The caller's, which tells connections apart."""

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Says:
    """An answer; `body` as bytes, or anything that becomes JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answering = Callable[[Asked], Says]


class VendorServer:
    """`routes` maps a path to what answers it; anything else is 404. Routes may be changed at any
    time.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Answering] = {}
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def says(self, path: str, *answers: Says) -> None:
        """Answer a path with these, in turn; the last one stays."""
        left = list(answers)
        self.routes[path] = lambda asked: left.pop(0) if len(left) > 1 else left[0]

    def asked_for(self, path: str) -> list[Asked]:
        """What came to a path so far."""
        return [asked for asked in self.asked if asked.path == path]

    def answer(self, asked: Asked) -> Says:
        self.asked.append(asked)
        route = self.routes.get(asked.path)
        return route(asked) if route else Says(status=404, body={"what": "nothing here"})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def vendor_server() -> Iterator[VendorServer]:
    """A running server."""
    server = VendorServer()
    try:
        yield server
    finally:
        server.close()


def _handler(server: VendorServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet: none waits for an acknowledgement

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _answer(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            says = server.answer(
                Asked(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    headers=dict(self.headers),
                    body=body,
                    port=self.client_address[1],
                )
            )
            raw = says.raw()
            self.send_response_only(says.status)
            for name, value in {**JSON, "Content-Length": str(len(raw)), **says.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
