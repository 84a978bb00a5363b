"""The pages about connections: the list, the answer to "Why is my data missing?", and the end."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django_q.models import OrmQ

from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.models import CLINICAL, Connection, ConnectSession, System
from console.applications import slug_of
from fhirstore import database as store
from sync.models import SyncRun, Window
from tests.console.crowd import Crowd, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital(db: None) -> System:
    return System.objects.create(
        id=980_001,
        kind=CLINICAL,
        name="Sandbox General Hospital",
        resource_url="https://general.example.org/r4",
        fhir_version="r4",
        client_id="x",
    )


@pytest.fixture
def connection(hospital: System, alice: AppUser, now: datetime) -> Connection:
    """Alice's, connected ten days ago and healthy."""
    return Connection.objects.create(
        public_id="c_5f0e9a",
        app_user=alice,
        system=hospital,
        base="https://general.example.org/r4",
        iss="https://general.example.org/r4",
        account="p1",
        status=Connection.CONNECTED,
        connected_at=now - timedelta(days=10),
        last_attempt_at=now - timedelta(minutes=1),
        last_success_at=now - timedelta(minutes=1),
        next_sync_at=now + timedelta(minutes=1),
    )


@pytest.fixture
def home(dana_app: NewClient) -> str:
    return f"/console/apps/{slug_of(dana_app.application)}"


@pytest.fixture
def path(home: str, connection: Connection) -> str:
    return f"{home}/connections/{connection.public_id}"


def row(
    connection: Connection,
    key: str,
    state: str,
    now: datetime,
    *,
    since: timedelta,
    until: timedelta = timedelta(minutes=1),
    **values: object,
) -> Window:
    return Window.objects.create(
        connection=connection,
        key=key,
        state=state,
        asked_to=now - until,
        first_at=now - since,
        last_at=now - until,
        **values,
    )


def answer_on(page: str) -> str:
    found = re.search(r'<p class="answer">(.*?)</p>', page)
    assert found
    return found[1]


def test_a_healthy_connection_says_in_one_sentence_that_nothing_is_missing(
    browser: Client, path: str, connection: Connection, now: datetime
) -> None:
    row(connection, "Condition", Window.ANSWERED, now, since=timedelta(days=10), resources=12)
    row(connection, "Goal", Window.EMPTY, now, since=timedelta(days=10))
    page = browser.get(path).content.decode()
    assert answer_on(page).startswith("Nothing is missing: all 2 types are complete up to")
    assert "Sandbox General Hospital has nothing of: Goal." in page
    assert "Up to date" in page
    assert "hospital, FHIR R4" in page


def test_what_failed_and_what_was_refused_is_named_with_its_cure(
    browser: Client, path: str, connection: Connection, now: datetime
) -> None:
    row(connection, "Condition", Window.ANSWERED, now, since=timedelta(days=10), resources=12)
    day, hour = timedelta(days=1), timedelta(hours=1)
    row(connection, "Observation", Window.ANSWERED, now, since=10 * day, until=day, resources=170)
    row(
        connection,
        "Observation",
        Window.FAILED,
        now,
        since=day,
        times=41,
        error_code="source_unavailable",
        error_message="Observation: HTTP 503",
    )
    row(
        connection,
        "DocumentReference",
        Window.REFUSED,
        now,
        since=hour,
        error_code="scope_missing",
        error_message="DocumentReference: not permitted",
    )
    Connection.objects.filter(pk=connection.pk).update(
        status=Connection.FAILING,
        last_error_code="source_unavailable",
        last_error_message="Observation: HTTP 503",
        last_error_at=now,
        next_sync_at=now + timedelta(minutes=15),
        held_until=now + timedelta(minutes=15),
    )
    page = browser.get(path).content.decode()
    assert answer_on(page) == (
        "2 of 3 types are incomplete: DocumentReference (refused) and Observation (503)."
    )
    assert "Asked 41 times." in page
    assert "nothing is lost" in page
    assert "Ask again now" in page
    assert "Make a reconnect link" in page
    assert 'class="failed"' in page
    assert 'class="refused"' in page
    assert "Everything else, 1 type, is complete up to" in page


@pytest.mark.parametrize(
    ("values", "words", "button"),
    [
        ({"status": Connection.NEEDS_REAUTHORIZATION}, "no longer lets us in", "reconnect link"),
        ({"status": Connection.DISCONNECTED}, "this connection was ended", "reconnect link"),
        ({"parked": True}, "staff have paused this connection", ""),
        (
            {"status": Connection.FAILING, "last_error_code": "rate_limited"},
            "Sandbox General Hospital asked us to wait",
            "",
        ),
        (
            {"status": Connection.FAILING, "last_error_code": "source_unavailable"},
            "Sandbox General Hospital does not answer",
            "Ask again now",
        ),
        (
            {"status": Connection.FAILING, "last_error_code": "internal"},
            "this server could not ask Sandbox General Hospital",
            "Ask again now",
        ),
        (
            {"status": Connection.PENDING, "last_success_at": None},
            "The first data has not arrived yet",
            "",
        ),
    ],
)
def test_what_keeps_everything_away_is_the_answer(
    browser: Client,
    path: str,
    connection: Connection,
    values: dict[str, object],
    words: str,
    button: str,
) -> None:
    Connection.objects.filter(pk=connection.pk).update(**values)
    page = browser.get(path).content.decode()
    assert words in answer_on(page)
    findings = page[page.index('<p class="answer">') : page.index('id="facts"')]
    assert (button in findings) if button else "<button" not in findings


def test_a_server_that_does_not_ask_is_told_from_a_source_that_has_nothing(
    browser: Client, path: str, connection: Connection, now: datetime
) -> None:
    old = now - timedelta(hours=5)
    Connection.objects.filter(pk=connection.pk).update(last_success_at=old, next_sync_at=old)
    row(connection, "Condition", Window.EMPTY, now, since=timedelta(days=1), until=now - old)
    page = browser.get(path).content.decode()
    assert "Nothing was asked since" in answer_on(page)
    assert "/readyz" in page
    assert 'class="unasked"' in page


def test_types_outside_of_the_permission_are_named(
    browser: Client, path: str, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(scope="patient/Patient.read openid")
    page = browser.get(path).content.decode()
    assert "never asked, for the permission that was given does not include it" in page


def test_sync_now_makes_the_connection_due_and_queues_a_run(
    browser: Client,
    path: str,
    home: str,
    connection: Connection,
    now: datetime,
    django_capture_on_commit_callbacks: object,
) -> None:
    assert callable(django_capture_on_commit_callbacks)
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(path, {"do": "sync"}, follow=True)
    assert "Sandbox General Hospital is asked now." in answer.content.decode()
    connection.refresh_from_db()
    assert connection.next_sync_at <= now + timedelta(seconds=30)
    assert OrmQ.objects.count() == 1
    page = browser.get(path).content.decode()
    assert 'hx-trigger="every 2s"' in page
    Connection.objects.filter(pk=connection.pk).update(lease_until=now + timedelta(minutes=1))
    answer = browser.post(
        f"{home}/users/{connection.app_user_id}", {"sync": connection.public_id}, follow=True
    )
    assert "is being asked already" in answer.content.decode()


def test_a_connection_at_rest_is_not_asked(
    browser: Client, path: str, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(status=Connection.DISCONNECTED)
    page = browser.get(path).content.decode()
    assert "Sync now" not in page
    assert "every 2s" not in page
    answer = browser.post(path, {"do": "sync"}, follow=True)
    assert "cannot be asked while the connection rests" in answer.content.decode()


def test_a_source_that_wants_to_be_left_alone_is_left_alone(
    browser: Client, path: str, connection: Connection, now: datetime
) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        status=Connection.FAILING,
        last_error_code="rate_limited",
        held_until=now + timedelta(hours=1),
    )
    answer = browser.post(path, {"do": "sync"}, follow=True)
    assert "does not want to be asked yet" in answer.content.decode()


def test_a_reconnect_link_leads_to_the_same_system(
    browser: Client, path: str, connection: Connection
) -> None:
    page = browser.post(path, {"do": "link"}).content.decode()
    assert "/connect/session/" in page
    link = ConnectSession.objects.get()
    assert (link.app_user_id, link.system_id) == (connection.app_user_id, connection.system_id)
    assert "/connect/session/" not in browser.get(path).content.decode()


def test_disconnecting_keeps_the_data_unless_the_name_is_typed(
    browser: Client, path: str, connection: Connection
) -> None:
    store.cursor().execute(
        "insert into fhir_resource (owner, rid, self, updated, conn, present, version, rtype, "
        "vers, fid, keys, body) values (%s, 1, 1, now(), %s, 0, 0, 5, 4, 'a', '{}', '{}')",
        (connection.app_user_id, connection.pk),
    )
    held = "select count(*) from fhir_resource where conn = %s"
    assert (
        "Disconnect Sandbox General Hospital" in browser.get(f"{path}/disconnect").content.decode()
    )
    wrong = browser.post(f"{path}/disconnect", {"what": "delete", "name": "no"})
    assert wrong.status_code == 422
    connection.refresh_from_db()
    assert connection.status == Connection.CONNECTED
    answer = browser.post(f"{path}/disconnect", {"what": "keep"}, follow=True)
    assert "What came through it stays" in answer.content.decode()
    connection.refresh_from_db()
    assert connection.status == Connection.DISCONNECTED
    assert store.cursor().execute(held, (connection.pk,)).fetchone() == (1,)
    browser.post(f"{path}/disconnect", {"what": "delete", "name": connection.system.name})
    assert store.cursor().execute(held, (connection.pk,)).fetchone() == (0,)


def test_the_ledger_is_told_by_day_and_goes_on_by_key(
    browser: Client, path: str, connection: Connection, now: datetime
) -> None:
    for number in range(205):
        since = timedelta(days=9, minutes=-5 * number)
        state = Window.ANSWERED if number % 2 else Window.EMPTY
        row(connection, "Observation", state, now, since=since, until=since, resources=number % 2)
    SyncRun.objects.create(
        connection=connection,
        lease_id="8c1f04aa-0000-4000-8000-000000000000",
        trigger="tick",
        started=now - timedelta(minutes=1),
        finished=now,
        outcome=SyncRun.PARTIAL,
        created=2,
    )
    page = browser.get(path).content.decode()
    older = re.search(r'href="(\?before=\d+)#ledger"', page)
    assert older
    assert "partly" in page
    rest = browser.get(path + older[1]).content.decode()
    assert rest[rest.index('id="ledger"') :].count("<li class=") == 5
    assert browser.get(path, {"before": "9" * 40, "range": "nothing"}).status_code == 200


@pytest.mark.parametrize("shown", ["1d", "7d", "30d", "all"])
def test_every_span_can_be_shown(
    browser: Client, path: str, connection: Connection, now: datetime, shown: str
) -> None:
    row(connection, "Condition", Window.ANSWERED, now, since=timedelta(days=10), resources=12)
    page = browser.get(path, {"range": shown}).content.decode()
    assert f'href="?range={shown}#lanes" aria-current="true"' in page
    assert 'class="answered"' in page


@pytest.mark.parametrize("tail", ["", "/disconnect"])
def test_another_developers_connection_is_not_there(
    browser: Client,
    home: str,
    mallory_app: NewClient,
    mallory_user: AppUser,
    connection: Connection,
    tail: str,
) -> None:
    Connection.objects.filter(pk=connection.pk).update(app_user=mallory_user)
    for base in (home, f"/console/apps/{slug_of(mallory_app.application)}"):
        path = f"{base}/connections/{connection.public_id}{tail}"
        assert browser.get(path).status_code == 404
        assert browser.post(path, {"do": "link", "what": "keep"}).status_code == 404
    connection.refresh_from_db()
    assert connection.status == Connection.CONNECTED
    assert not ConnectSession.objects.exists()
    page = browser.get(f"{home}/connections").content.decode()
    assert "Nothing is connected yet" in page


def test_the_list_tells_which_connections_need_somebody(crowd: Crowd) -> None:
    browser, path = crowd.browser(), f"/console/apps/{crowd.slug}/connections"
    page = browser.get(path).content.decode()
    assert f"1 to 50 of {len(crowd.connections):,}" in page
    for shown, word in {"failing": "Failing", "reconnect": "Reconnect", "paused": "Paused"}.items():
        page = browser.get(path, {"show": shown}).content.decode()
        found = re.findall(
            r'role="cell" class="state"><span class="pill[^>]*>.*?</svg>(.*?)</', page
        )
        assert found
        assert set(found) == {word}, shown
    assert "No connection is like that" in browser.get(path, {"q": "nothing"}).content.decode()
    assert "Crowded Band" in browser.get(path, {"q": "band"}).content.decode()
    assert "sample-0003" in browser.get(path, {"q": "sample-0003"}).content.decode()


@pytest.mark.parametrize("query", [{}, {"show": "stale"}, {"q": "sample-0", "show": "failing"}])
def test_the_list_takes_a_fixed_number_of_statements(crowd: Crowd, query: dict[str, str]) -> None:
    browser = crowd.browser()
    browser.get("/console/styleguide")
    path = f"/console/apps/{crowd.slug}/connections"
    assert statements(lambda: browser.get(path, query)) <= 17


def test_a_connections_page_takes_a_fixed_number_of_statements(crowd: Crowd) -> None:
    browser = crowd.browser()
    browser.get("/console/styleguide")
    path = f"/console/apps/{crowd.slug}/connections/{crowd.connections[0].public_id}"
    assert "Crowded Hospital" in browser.get(path).content.decode()
    assert statements(lambda: browser.get(path)) <= 21
