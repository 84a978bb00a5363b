"""The limit for the web server: processes that read sockets with epoll and write HTTP by hand.

`python -m tests.benchmarks.raw_server PORT PROCESSES BASE`, with DATABASE_URL in the environment;
ends with its parent."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys

from config import env
from config.processes import told_when_parent_dies
from tests.benchmarks.yardstick import Yardstick, asked


def serve(port: int, base: str) -> None:
    """Answer requests on all connections, one after another."""
    yardstick = Yardstick(env.text("DATABASE_URL"), base)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    listener.setblocking(False)
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                waiting.register(connection, selectors.EVENT_READ)
                continue
            connection = key.fileobj  # type: ignore[assignment]
            request = connection.recv(8192)
            if not request:
                waiting.unregister(connection)
                connection.close()
                continue
            connection.sendall(_answer(yardstick, request))


def _answer(yardstick: Yardstick, request: bytes) -> bytes:
    target = request[4 : request.index(b" ", 4)].decode()
    at = request.index(b"Bearer ") + 7
    body = yardstick.answer(asked(target)[0], request[at : at + 32], asked(target)[1])
    status = b"200 OK" if body else b"404 Not Found"
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n"
        % (status, len(body))
    ) + body


if __name__ == "__main__":
    with_parent = told_when_parent_dies(signal.SIGTERM)
    for _ in range(int(sys.argv[2]) - 1):
        if os.fork() == 0:
            if with_parent:
                with_parent()
            break
    serve(int(sys.argv[1]), sys.argv[3])
