"""The web server's worker, by the wire: one process with the threads of production."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from fhirstore.api.formats import FHIR_JSON
from tests.config.web_server import serving

APPLICATION = "tests.config.waiting_app:application"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with serving(APPLICATION, log=tmp_path_factory.mktemp("web") / "log", WEB_THREADS="2") as port:
        yield port


@contextmanager
def kept(port: int) -> Iterator[http.client.HTTPConnection]:
    """A connection that has been used and is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    assert get(connection, "/0/first") == b"/0/first"
    try:
        yield connection
    finally:
        connection.close()


def get(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read()


def test_nobody_waits_for_a_slow_answer(port: int) -> None:
    with kept(port) as slow, kept(port) as quick:
        slow.request("GET", "/2/slow")
        time.sleep(0.1)
        began = time.monotonic()
        for n in range(20):
            assert get(quick, f"/0/{n}") == f"/0/{n}".encode()
        with kept(port):
            pass
        assert time.monotonic() - began < 1.5
        assert slow.getresponse().read() == b"/2/slow"
        assert get(slow, "/0/again") == b"/0/again"


def test_nobody_waits_for_a_slow_client(port: int) -> None:
    with kept(port) as slow, kept(port) as quick:
        slow.putrequest("POST", "/0/slow")
        slow.putheader("Content-Length", "4")
        slow.endheaders(b"ab")
        time.sleep(0.1)
        assert get(quick, "/0/quick") == b"/0/quick"
        slow.send(b"cd")
        assert slow.getresponse().read() == b"/0/slowabcd"


def test_a_client_that_says_nothing_holds_nobody(port: int) -> None:
    silent = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(5)]
    for connection in silent:
        connection.connect()
    with kept(port) as other:
        assert get(other, "/0/other") == b"/0/other"
    for n, connection in enumerate(silent):
        assert get(connection, f"/0/{n}") == f"/0/{n}".encode()
        connection.close()


def test_requests_sent_in_one_go_are_answered_in_order(port: int) -> None:
    paths = [f"/0/{n}" for n in range(3000)]
    with kept(port) as connection:
        assert connection.sock is not None
        sent = "".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths)
        sending = threading.Thread(target=connection.sock.sendall, args=(sent.encode(),))
        sending.start()
        said = connection.sock.makefile("rb")
        for path in paths:
            while said.readline() not in (b"\r\n", b""):
                pass
            assert said.read(len(path)) == path.encode()
        sending.join()


def test_each_gets_its_own_answer_whatever_takes_long(port: int) -> None:
    def ask(client: int) -> None:
        chosen = random.Random(client)
        with kept(port) as connection:
            for n in range(30):
                path = f"/{chosen.choice(['0', '0', '0', '0.005', '0.02', '0.05'])}/{client}-{n}"
                assert get(connection, path) == path.encode()
                if chosen.random() < 0.1:
                    connection.close()

    with ThreadPoolExecutor(24) as clients:
        list(clients.map(ask, range(24)))


def test_an_answer_may_take_longer_than_the_worker_may_be_silent(tmp_path: Path) -> None:
    arguments = {"GUNICORN_CMD_ARGS": "--timeout 2", "WEB_THREADS": "1"}
    with (
        serving(APPLICATION, log=tmp_path / "log", **arguments) as port,
        kept(port) as slow,
        kept(port) as other,
    ):
        slow.request("GET", "/5/slow")
        time.sleep(0.1)
        assert get(other, "/0/other") == b"/0/other"
        assert slow.getresponse().read() == b"/5/slow"
    assert "WORKER TIMEOUT" not in (tmp_path / "log").read_text()


def test_what_is_being_answered_when_the_server_stops_is_answered(tmp_path: Path) -> None:
    with serving(APPLICATION, log=tmp_path / "log") as port:
        slow = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        assert get(slow, "/0/first") == b"/0/first"
        slow.request("GET", "/2/slow")
        time.sleep(0.2)
    assert slow.getresponse().read() == b"/2/slow"
    slow.close()


def test_too_long_a_request_line_is_refused_in_fhirs_words(port: int) -> None:
    values = ",".join(str(n) for n in range(10_000))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", f"/fhir/r4/Observation?code={values}")
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    assert (answer.status, answer.headers["Content-Type"]) == (414, FHIR_JSON)
    assert told["resourceType"] == "OperationOutcome"
    assert told["issue"][0]["code"] == "too-long"
    assert "POST {type}/_search" in told["issue"][0]["diagnostics"]
    with kept(port) as other:
        assert get(other, "/0/other") == b"/0/other"
