"""The web server as we ship it, with an application of the test's choice, on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@contextmanager
def serving(application: str, *, log: Path, **env: str) -> Iterator[int]:
    """Serve `module:application` under config/gunicorn.py, logging to `log`; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", application],
            cwd=CHECKOUT,
            env={**os.environ, "PORT": str(port), "WEB_WORKERS": "1", **env},
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < until, "the server does not listen"
                time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def ask(
    port: int,
    target: str,
    headers: Sequence[tuple[str, str]] = (),
    *,
    body: str = "",
    host: str = "127.0.0.1",
) -> bytes:
    """One HTTP/1.1 request, byte for byte as given; the whole answer."""
    lines = [f"{'POST' if body else 'GET'} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", body]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
