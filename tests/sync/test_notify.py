"""Subscriptions: what is told to whom, and what happens when it cannot be told (wire contract
15.2)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django_q.models import OrmQ

from accounts.models import AppUser
from fhirstore import database, erase, granted, subscriptions, writes
from fhirstore.changes import FIRST_VERSION
from sync import notify, tasks
from sync.models import SubscriptionState
from sync.notify import Delivered

QUARTER = timedelta(minutes=15)


class Endpoint:
    """An app's endpoint on loopback; `statuses` are answered one after the other, then 200."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def ids(self) -> list[str]:
        return [resource["id"] for resource in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(endpoint) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = endpoint.statuses.pop(0) if endpoint.statuses else 200
                if status == 200:
                    endpoint.got.append(json.loads(body))
                    endpoint.headers.append(dict(self.headers))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        return Handler


@pytest.fixture
def endpoint(settings: Any) -> Iterator[Endpoint]:
    server = Endpoint()
    settings.ALLOWED_OUTBOUND_HOSTS = [server.host]
    yield server
    server.close()


class App:
    """Alice's app: writes, and lets the clock go on."""

    def __init__(self, owner: int, version: str, now: datetime) -> None:
        self.owner, self.version, self.now = owner, version, now
        self.scope = "user/*.*"

    def put(self, rtype: str, fid: str, **members: Any) -> None:
        body = {"resourceType": rtype, "id": fid, **members}
        stored = writes.update(
            owner=self.owner, version=self.version, rtype=rtype, fid=fid, body=body, now=self.now
        )
        if rtype == "Subscription":
            granted.keep(owner=self.owner, version=self.version, stored=stored, scope=self.scope)

    def observe(self, fid: str, code: str = "8867-4", **members: Any) -> None:
        coding = {"coding": [{"system": "http://loinc.org", "code": code}]}
        self.put("Observation", fid, status="final", code=coding, **members)

    def subscribe(self, endpoint: str, status: str = "requested", **members: Any) -> None:
        channel: dict[str, Any] = {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/json",
        }
        if header := members.pop("header", None):
            channel["header"] = header
        criteria = members.pop("criteria", "Observation?code=8867-4")
        self.put("Subscription", "s1", status=status, criteria=criteria, channel=channel)

    def deliver(self, wait: timedelta = QUARTER) -> Delivered:
        done = notify.deliver(clock=lambda: self.now)
        self.now += wait
        return done

    @property
    def subscription(self) -> dict[str, Any]:
        stored = writes.read(owner=self.owner, version=self.version, rtype="Subscription", fid="s1")
        return dict(json.loads(stored.body))


@pytest.fixture
def app(alice: AppUser, now: datetime) -> App:
    return App(alice.pk, "r4", now)


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_each_new_or_changed_match_is_posted_once(
    alice: AppUser, endpoint: Endpoint, now: datetime, version: str
) -> None:
    app = App(alice.pk, version, now)
    header = "Authorization: Bearer app-secret"
    app.observe("before")
    app.subscribe(f"http://{endpoint.host}/hook", header=header if version == "dstu2" else [header])
    app.observe("o1")
    app.observe("other", code="1234-5")
    app.put("Patient", "p1")
    assert app.deliver() == Delivered(looked=1, sent=1)
    assert endpoint.ids == ["o1"]
    assert app.subscription["status"] == "active"
    assert endpoint.headers[0]["Authorization"] == "Bearer app-secret"
    assert endpoint.headers[0]["Content-Type"] == "application/json"
    stored = writes.read(owner=app.owner, version=version, rtype="Observation", fid="o1")
    assert endpoint.got[0] == json.loads(stored.body)
    assert app.deliver() == Delivered(looked=1)
    app.observe("o2")
    app.observe("o1", issued="2026-11-24T10:00:00Z")
    app.observe("o1", issued="2026-11-24T11:00:00Z")
    app.deliver()
    assert endpoint.ids == ["o1", "o2", "o1"]
    assert endpoint.got[2]["issued"] == "2026-11-24T11:00:00Z"


def test_it_is_looked_at_once_in_the_period(app: App, endpoint: Endpoint) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    assert app.deliver(wait=timedelta(minutes=5)).looked == 1
    app.observe("o1")
    assert app.deliver(wait=timedelta(minutes=5)).looked == 0
    assert app.deliver(wait=timedelta(minutes=5)).looked == 0
    assert app.deliver().sent == 1


def test_nobody_elses_data_is_sent(
    app: App, endpoint: Endpoint, bob: AppUser, mallory_user: AppUser, now: datetime
) -> None:
    app.subscribe(f"http://{endpoint.host}/", criteria="Observation")
    for user in (bob, mallory_user):
        App(user.pk, "r4", now).observe("theirs")
    App(app.owner, "stu3", now).observe("of-another-version")
    app.observe("mine")
    app.deliver()
    assert endpoint.ids == ["mine"]


LAB = "user/Subscription.cruds user/Observation.rs?category=laboratory"


def test_what_its_token_may_not_read_is_not_sent(app: App, endpoint: Endpoint) -> None:
    def observe(ident: str) -> None:
        for category in ("laboratory", "vital-signs"):
            app.observe(f"{ident}-{category}", category=[{"coding": [{"code": category}]}])

    url = f"http://{endpoint.host}/"
    app.scope = LAB
    app.subscribe(url)
    observe("a")
    app.deliver()
    assert endpoint.ids == ["a-laboratory"]
    app.scope = "user/*.*"
    app.subscribe(url)
    observe("b")
    app.deliver()
    assert endpoint.ids[1:] == ["b-laboratory", "b-vital-signs"]
    app.scope = LAB
    app.subscribe(url)  # renewed by less
    observe("c")
    app.deliver()
    assert endpoint.ids[3:] == ["c-laboratory"]
    app.scope = "user/Subscription.cruds user/Observation.r"
    app.subscribe(url)
    observe("d")
    app.deliver()
    assert endpoint.ids[4:] == []


def test_a_version_that_comes_back_delivers_what_its_own_token_may_read(
    app: App, endpoint: Endpoint
) -> None:
    app.scope = LAB
    app.subscribe(f"http://{endpoint.host}/")
    app.scope = "user/*.*"
    app.subscribe(f"http://{endpoint.host}/")
    writes.delete_version(
        owner=app.owner,
        version="r4",
        rtype="Subscription",
        fid="s1",
        version_id=FIRST_VERSION + 1,
        now=app.now,
    )
    app.observe("o1", category=[{"coding": [{"code": "vital-signs"}]}])
    assert app.deliver() == Delivered(looked=1)


def test_a_purged_subscription_leaves_no_scope_to_a_later_one(app: App, endpoint: Endpoint) -> None:
    for _ in range(3):
        app.subscribe(f"http://{endpoint.host}/")
    erase.erase_owner(owner=app.owner, version="r4", rtypes=["Subscription"])
    app.scope = LAB
    app.subscribe(f"http://{endpoint.host}/")
    for n in range(4):  # the server's own versions of its status
        app.observe(f"o{n}", category=[{"coding": [{"code": "vital-signs"}]}])
        assert app.deliver().sent == 0


def test_what_was_deleted_is_not_sent(app: App, endpoint: Endpoint) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    app.observe("o1")
    writes.delete(owner=app.owner, version="r4", rtype="Observation", fid="o1", now=app.now)
    assert app.deliver() == Delivered(looked=1)


def test_many_changes_are_sent_in_their_order(app: App, endpoint: Endpoint) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    body = {"status": "final", "code": {"coding": [{"code": "8867-4"}]}}
    order = [f"o{n * 7919 % 450:03d}" for n in range(450)]
    writes.put_many(
        owner=app.owner,
        version="r4",
        resources=[{"resourceType": "Observation", "id": fid, **body} for fid in order],
        now=app.now,
    )
    assert app.deliver().sent == 450
    assert endpoint.ids == order


def test_a_failure_is_tried_again_from_where_it_failed(app: App, endpoint: Endpoint) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    for n in range(3):
        app.observe(f"o{n}")
    endpoint.statuses = [200, 503]
    assert app.deliver(wait=timedelta(seconds=20)) == Delivered(looked=1, sent=1, failed=1)
    assert app.subscription["status"] == "active"
    assert app.deliver(wait=timedelta(seconds=50)).looked == 0
    assert app.deliver().sent == 2
    assert endpoint.ids == ["o0", "o1", "o2"]
    assert SubscriptionState.objects.get().failures == 0


def test_an_endpoint_that_keeps_failing_ends_in_error_and_is_resumed_when_asked_anew(
    app: App, endpoint: Endpoint
) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    app.observe("o1")
    endpoint.statuses = [500] * 50
    for _ in range(notify.TRIES):
        assert app.subscription["status"] in ("requested", "active")
        app.deliver()
    assert app.subscription["status"] == "error"
    assert app.subscription["error"] == "the endpoint answered HTTP 500"
    left = len(endpoint.statuses)
    app.deliver()
    assert len(endpoint.statuses) == left, "a subscription in error is left alone"
    endpoint.statuses = []
    app.subscribe(f"http://{endpoint.host}/")
    app.deliver()
    assert endpoint.ids == ["o1"]
    assert app.subscription["status"] == "active"
    assert "error" not in app.subscription


def test_off_is_silence_and_nothing_is_told_afterwards(app: App, endpoint: Endpoint) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    app.deliver()
    app.subscribe(f"http://{endpoint.host}/", status="off")
    app.observe("quiet")
    app.deliver()
    assert app.subscription["status"] == "off"
    app.subscribe(f"http://{endpoint.host}/")
    app.observe("loud")
    app.deliver()
    assert endpoint.ids == ["loud"]


def test_a_redirect_is_a_failure(app: App, endpoint: Endpoint) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    app.observe("o1")
    endpoint.statuses = [302]
    assert app.deliver().failed == 1
    assert endpoint.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://{host}/",  # plain http that no operator named
        "https://{host}/",
        "https://localhost/",
        "https://10.0.0.7/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "ftp://{host}/",
        "nonsense",
    ],
)
def test_private_and_plain_addresses_are_never_called(
    app: App, endpoint: Endpoint, settings: Any, url: str
) -> None:
    """Also when they came into the store past the API's check."""
    settings.ALLOWED_OUTBOUND_HOSTS = []
    app.subscribe(url.format(host=endpoint.host))
    app.observe("o1")
    assert app.deliver().failed == 1
    assert app.subscription["status"] == "error"
    assert endpoint.got == []


def test_a_name_that_leads_into_the_private_network_is_refused_when_called(
    app: App, endpoint: Endpoint, settings: Any
) -> None:
    settings.ALLOWED_OUTBOUND_HOSTS = []
    app.subscribe(f"https://2130706433:{endpoint.host.partition(':')[2]}/")  # 127.0.0.1
    app.observe("o1")
    assert app.deliver().failed == 1
    assert app.subscription["status"] == "error"
    assert "private" in app.subscription["error"]


def test_two_workers_do_not_send_twice(app: App, endpoint: Endpoint) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    app.observe("o1")
    state = SubscriptionState.objects.create(
        owner=app.owner,
        fhir_version="r4",
        fid="s1",
        seq=0,
        due=app.now,
        lease_until=app.now + timedelta(minutes=1),
    )
    assert app.deliver(wait=timedelta(minutes=2)).looked == 0
    assert app.deliver().sent == 1  # the other one never came back
    state.refresh_from_db()
    assert state.lease_until is None


def test_a_subscription_that_came_from_a_source_is_not_served(app: App, endpoint: Endpoint) -> None:
    """Such rows may stand from the time when sources could send them."""
    app.subscribe(f"http://{endpoint.host}/")
    database.cursor().execute("update fhir_resource set src = 1 where fid = 's1'")
    app.observe("o1")
    assert app.deliver() == Delivered()
    assert endpoint.got == []


def test_one_that_cannot_be_served_keeps_no_other_waiting(
    app: App, bob: AppUser, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """One user's, stored past the API's check, fails in an unforeseen way; another's is served."""
    app.subscribe(f"http://{endpoint.host}/")
    app.observe("o1")
    bobs = App(bob.pk, "r4", app.now)
    bobs.subscribe(f"http://{endpoint.host}/")
    bobs.observe("o2")
    serve = subscriptions.changes

    def changes(asked: Any, **more: Any) -> Any:
        if asked.owner == app.owner:
            raise ValueError("what the patient has")
        return serve(asked, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(subscriptions, "changes", changes)
        for _ in range(notify.TRIES):
            app.deliver()
    assert endpoint.ids == ["o2"]
    assert app.subscription["status"] == "error"
    assert app.subscription["error"] == "the server could not serve it"
    assert "ValueError in changes" in caplog.text
    assert "patient" not in caplog.text


def test_a_deleted_subscription_is_forgotten(app: App, endpoint: Endpoint) -> None:
    app.subscribe(f"http://{endpoint.host}/")
    app.deliver()
    assert SubscriptionState.objects.count() == 1
    erase.erase_owner(owner=app.owner)
    app.observe("o1")
    assert app.deliver() == Delivered()
    assert SubscriptionState.objects.count() == 0


def test_the_tick_queues_a_delivery_where_there_is_a_subscription(
    app: App, endpoint: Endpoint
) -> None:
    tasks.tick()
    assert OrmQ.objects.count() == 0
    app.subscribe(f"http://{endpoint.host}/")
    tasks.tick()
    assert OrmQ.objects.count() == 1
    app.observe("o1")
    assert tasks.deliver() == 1
    assert endpoint.ids == ["o1"]


def test_old_changes_are_forgotten(app: App, endpoint: Endpoint) -> None:
    app.observe("o1")
    assert erase.forget_changes(before=app.now - timedelta(seconds=1)) == 0
    assert erase.forget_changes(before=app.now + timedelta(seconds=1)) == 1
