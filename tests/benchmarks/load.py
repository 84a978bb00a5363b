"""Requests over keep-alive connections, as many at a time as there are connections; every answer is
looked at."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Sequence

CONNECTIONS = 16
_WAIT = 60


class Wrong(AssertionError):
    """An answer that is not what was asked for."""


class Load:
    """Sends requests to one server."""

    def __init__(self, port: int, *, connections: int = CONNECTIONS) -> None:
        self._waiting = selectors.DefaultSelector()
        for _ in range(connections):
            sock = socket.create_connection(("127.0.0.1", port), timeout=_WAIT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._waiting.register(sock, selectors.EVENT_READ, bytearray())

    def close(self) -> None:
        """Hang up."""
        for key in list(self._waiting.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._waiting.close()

    def run(self, requests: Sequence[bytes], *, entries: int) -> None:
        """Send all and wait for all answers. Raises Wrong unless each is a 200 with so many entries
        (0: a single resource)."""
        remaining = iter(requests)
        answered = 0
        for key in list(self._waiting.get_map().values()):
            if request := next(remaining, None):
                key.fileobj.sendall(request)  # type: ignore[union-attr]
        while answered < len(requests):
            ready = self._waiting.select(_WAIT)
            if not ready:
                raise Wrong(f"no answer for {_WAIT} seconds")
            for key, _ in ready:
                received: bytearray = key.data
                block = key.fileobj.recv(262_144)  # type: ignore[union-attr]
                if not block:
                    raise Wrong(f"the server hung up: {bytes(received[:300])!r}")
                received += block
                if not _complete(received):
                    continue
                _check(received, entries)
                received.clear()
                answered += 1
                if request := next(remaining, None):
                    key.fileobj.sendall(request)  # type: ignore[union-attr]


def _complete(received: bytearray) -> bool:
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(received[:end]).lower()
    at = head.index(b"content-length:") + 15
    length = int(head[at:].partition(b"\r\n")[0])
    return len(received) >= end + 4 + length


def _check(received: bytearray, entries: int) -> None:
    if not received.startswith(b"HTTP/1.1 200"):
        raise Wrong(bytes(received[:600]).decode(errors="replace"))
    if received.count(b'"fullUrl"') != entries:
        raise Wrong(f"{received.count(b'fullUrl')} entries instead of {entries}")


def request(port: int, target: str, token: str) -> bytes:
    """One GET."""
    return (
        f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Accept: application/fhir+json\r\n\r\n"
    ).encode()
