"""A Subscription served by the real cluster, and an export of many resources by the real web
server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.contract.api import App, User
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("subscription")

SECRET = "Bearer a-secret-of-the-app"


class Hook(ThreadingHTTPServer):
    """The app's endpoint."""

    daemon_threads = True

    def __init__(self) -> None:
        self.got: list[tuple[str | None, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["Authorization"], json.loads(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    server = Hook()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def stack(hook: Hook) -> Iterator[Stack]:
    allowed = {"ALLOWED_OUTBOUND_HOSTS": hook.host, "ONEUP_SUBSCRIPTION_SECONDS": "1"}
    with Stack(env=allowed) as running:
        yield running


@pytest.fixture(scope="module")
def person(stack: Stack) -> User:
    return App(stack.base_url, stack.client_id, stack.client_secret).user("subscriber")


def test_what_an_app_writes_reaches_its_endpoint(stack: Stack, hook: Hook, person: User) -> None:
    def post(body: dict[str, Any]) -> None:
        path = f"/r4/{body['resourceType']}"
        answer = person.app.call("POST", path, json=body, headers=person.bearer)
        assert answer.status_code == 201, answer.text

    post(
        {
            "resourceType": "Subscription",
            "id": "s1",
            "status": "requested",
            "criteria": "Observation?code=66334-4",
            "channel": {
                "type": "rest-hook",
                "endpoint": f"http://{hook.host}/hook",
                "payload": "application/json",
                "header": [f"Authorization: {SECRET}"],
            },
        }
    )
    for fid, code in (("o1", "66334-4"), ("o2", "8867-4"), ("o3", "66334-4")):
        coding = {"coding": [{"system": "http://loinc.org", "code": code}]}
        post({"resourceType": "Observation", "id": fid, "status": "final", "code": coding})
    stack.queue_tick_until(lambda: len(hook.got) >= 2, seconds=90, what="both were posted")
    assert [(who, resource["id"]) for who, resource in hook.got] == [(SECRET, "o1"), (SECRET, "o3")]
    assert person.get("/r4/Subscription/s1").json()["status"] == "active"
    assert SECRET not in stack.output()


def test_an_export_of_many_is_streamed_whole(person: User) -> None:
    code = {"text": "note"}
    for part in range(3):
        entries = [
            {
                "resource": {"resourceType": "Basic", "id": f"b{part}-{n:04d}", "code": code},
                "request": {"method": "PUT", "url": f"Basic/b{part}-{n:04d}"},
            }
            for n in range(1000)
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = person.app.call("POST", "/r4", json=bundle, headers=person.bearer)
        assert answer.status_code == 200, answer.text[:500]
    (file,) = person.get("/bulk-data/r4/%24export?_type=Basic").json()["output"]
    answer = person.get(file["url"])
    assert answer.status_code == 200
    assert len({json.loads(line)["id"] for line in answer.text.splitlines()}) == 3000
