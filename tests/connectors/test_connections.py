"""Connection management (wire contract 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.applications import NewClient
from accounts.models import AppUser, AuditRecord
from connectors.models import Connection, ConnectSession, LinkAttempt
from fhirstore.ingest import ingest
from fhirstore.source import Source as Origin
from tests.cast import token_pair
from tests.connectors.conftest import come_back, state_of
from tests.connectors.source import Source

pytestmark = pytest.mark.django_db

CONNECTIONS = "/connect/api/connections"


def bearer(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def alices(connection: Connection, alice_token: str) -> Client:
    """Alice's calls, with one connection."""
    return bearer(alice_token)


@pytest.fixture
def path(connection: Connection) -> str:
    return f"{CONNECTIONS}/{connection.public_id}"


@pytest.fixture
def imported(connection: Connection, now: datetime) -> Connection:
    """The connection, after two resources arrived."""
    origin = Origin(
        base=connection.base,
        system_id=connection.system_id,
        connection=connection.pk,
        version="r4",
        patient=connection.account,
    )
    resources: list[bytes | dict[str, Any]] = [
        {"resourceType": "Patient", "id": "p-1"},
        {"resourceType": "Condition", "id": "c-1", "subject": {"reference": "Patient/p-1"}},
    ]
    summary = ingest(owner=connection.app_user_id, source=origin, resources=resources, now=now)
    assert summary.created == 2
    return connection


def shown(client: Client) -> dict[str, Any]:
    (row,) = client.get(CONNECTIONS).json()["entry"]
    return dict(row)


def test_a_connection_in_all_its_fields(
    alices: Client, connection: Connection, source: Source, settings: Any
) -> None:
    row = shown(alices)
    assert row["connected_at"].endswith("Z")
    assert len(row["connected_at"]) == len("2026-01-05T10:00:00.000Z")
    assert row == {
        "id": connection.public_id,
        "system_id": connection.system_id,
        "kind": "clinical",
        "name": "Lakeside Clinic",
        "resource_url": source.base,
        "fhir_version": "r4",
        "status": "pending",
        "connected_at": row["connected_at"],
        "last_attempt_at": None,
        "last_success_at": None,
        "next_sync_at": row["connected_at"],
        "sync_interval_seconds": settings.SYNC_SECONDS,
        "stale": False,
        "resource_count": 0,
        "last_error": None,
    }
    one = alices.get(f"{CONNECTIONS}/{connection.public_id}").json()
    assert one == {"success": True, "connection": row}


def test_no_connections_is_an_empty_list(bob_token: str) -> None:
    assert bearer(bob_token).get(CONNECTIONS).json() == {"success": True, "entry": []}


def test_what_went_wrong_is_told(alices: Client, connection: Connection, now: datetime) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        status="failing",
        last_success_at=now - timedelta(minutes=7),
        held_until=now + timedelta(hours=1),
        last_error_code="rate_limited",
        last_error_message="asked to wait",
        last_error_at=now,
    )
    row = shown(alices)
    assert row["stale"]
    assert row["last_error"]["code"] == "rate_limited"
    assert row["last_error"]["message"] == "asked to wait"
    assert row["next_sync_at"] > row["last_error"]["at"]


def test_a_connection_that_is_not_asked_has_no_next_sync(
    alices: Client, connection: Connection, alice: AppUser
) -> None:
    assert shown(alices)["next_sync_at"] is not None
    connection.system.enabled = False
    connection.system.save()
    assert shown(alices)["next_sync_at"] is None
    connection.system.enabled = True
    connection.system.save()
    AppUser.objects.filter(pk=alice.pk).update(active=False)
    assert shown(alices)["next_sync_at"] is None


def test_the_source_of_a_slow_system_is_stale_later(
    alices: Client, connection: Connection, now: datetime
) -> None:
    connection.system.min_interval_seconds = 3600
    connection.system.save()
    Connection.objects.filter(pk=connection.pk).update(last_success_at=now - timedelta(hours=2))
    row = shown(alices)
    assert (row["sync_interval_seconds"], row["stale"]) == (3600, False)


def test_resources_are_counted(alices: Client, imported: Connection) -> None:
    assert shown(alices)["resource_count"] == 2


@pytest.mark.parametrize(
    "query, found",
    [("status=pending", 1), ("status=connected", 0), ("system_id=4706", 0), ("system_id={own}", 1)],
)
def test_the_list_is_filtered(
    alices: Client, connection: Connection, query: str, found: int
) -> None:
    answered = alices.get(f"{CONNECTIONS}?{query.format(own=connection.system_id)}").json()
    assert len(answered["entry"]) == found


@pytest.mark.parametrize("query", ["status=odd", "system_id=x"])
def test_a_filter_that_means_nothing_is_refused(alices: Client, query: str) -> None:
    response = alices.get(f"{CONNECTIONS}?{query}")
    assert response.status_code == 400
    assert response.json()["success"] is False


def test_the_list_is_paged_when_asked(
    alices: Client, browser: Client, start_url: str, source: Source, settings: Any
) -> None:
    for patient in ("p-2", "p-3"):
        source.grant["patient"] = patient
        come_back(browser, state_of(browser.get(start_url)))
    first = alices.get(f"{CONNECTIONS}?_count=2").json()
    assert (len(first["entry"]), first["total"]) == (2, 3)
    relations = {row["relation"]: row["url"] for row in first["link"]}
    assert relations["next"].startswith(f"{settings.PUBLIC_BASE_URL}{CONNECTIONS}?")
    rest = alices.get(relations["next"].removeprefix(settings.PUBLIC_BASE_URL)).json()
    assert len(rest["entry"]) == 1
    assert [row["relation"] for row in rest["link"]] == ["self"]
    assert "total" not in alices.get(CONNECTIONS).json()


# --- Who may call --------------------------------------------------------------------------------

CALLS = [
    ("get", ""),
    ("delete", ""),
    ("delete", "?data=delete"),
    ("post", "/refresh"),
    ("delete", "/data"),
    ("get", "/ledger"),
]


@pytest.mark.parametrize("method, end", CALLS)
def test_a_strangers_connection_is_unknown(
    path: str,
    connection: Connection,
    source: Source,
    bob_token: str,
    mallory_token: str,
    mallory_app: NewClient,
    mallory_user: AppUser,
    method: str,
    end: str,
) -> None:
    own = {"client-id": mallory_app.client_id, "client-secret": mallory_app.client_secret}
    strangers = [
        bearer(bob_token),
        bearer(mallory_token),
        Client(headers={**own, "x-oneup-user-id": str(mallory_user.pk)}),
    ]
    for stranger in strangers:
        response = getattr(stranger, method)(f"{path}{end}")
        assert response.status_code == 404
        assert response.json() == {"success": False, "error": "unknown connection"}
    connection.refresh_from_db()
    assert connection.status == "pending"
    assert not source.revoked


@pytest.mark.parametrize("method, end", CALLS)
def test_a_connection_that_does_not_exist_is_unknown(alices: Client, method: str, end: str) -> None:
    for public_id in ("c_0123", "c_", "4706", "c_%00"):
        response = getattr(alices, method)(f"{CONNECTIONS}/{public_id}{end}")
        assert response.status_code == 404
        assert response.json()["error"] == "unknown connection"


def test_a_client_calls_for_its_user_by_any_id(
    dana_app: NewClient, alice: AppUser, connection: Connection
) -> None:
    own = {"client_id": dana_app.client_id, "client_secret": dana_app.client_secret}
    headers = {"client-id": own["client_id"], "client-secret": own["client_secret"]}
    answers = [
        Client().get(CONNECTIONS, {**own, "app_user_id": "alice"}),
        Client().get(CONNECTIONS, {**own, "oneup_user_id": str(alice.pk)}),
        Client(headers={**headers, "x-oneup-user-id": str(alice.pk)}).get(CONNECTIONS),
    ]
    for response in answers:
        assert [row["id"] for row in response.json()["entry"]] == [connection.public_id]


def test_another_clients_user_does_not_exist(
    mallory_app: NewClient, alice: AppUser, connection: Connection
) -> None:
    own = {"client-id": mallory_app.client_id, "client-secret": mallory_app.client_secret}
    ways: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"x-oneup-user-id": str(alice.pk)}, {}),
        ({}, {"oneup_user_id": str(alice.pk)}),
        ({"x-oneup-user-id": "999999"}, {}),
    ]
    for headers, query in ways:
        response = Client(headers={**own, **headers}).get(CONNECTIONS, query)
        assert response.status_code == 404
        assert response.json() == {"success": False, "error": "this user does not exist"}


def test_two_ids_must_agree(
    dana_app: NewClient, alice: AppUser, bob: AppUser, connection: Connection
) -> None:
    own = {"client-id": dana_app.client_id, "client-secret": dana_app.client_secret}
    client = Client(headers={**own, "x-oneup-user-id": str(alice.pk)})
    assert client.get(CONNECTIONS, {"oneup_user_id": bob.pk}).status_code == 404
    assert client.get(CONNECTIONS, {"app_user_id": "bob"}).status_code == 404


@pytest.mark.parametrize(
    "headers, status, error",
    [
        ({}, 401, "invalid client credentials"),
        ({"authorization": "Bearer nonsense"}, 401, "invalid access token"),
        ({"client-id": "x", "client-secret": "y"}, 401, "invalid client credentials"),
    ],
)
def test_bad_credentials_are_refused(
    connection: Connection, headers: dict[str, str], status: int, error: str
) -> None:
    for method, end in CALLS:
        response = getattr(Client(headers=headers), method)(
            f"{CONNECTIONS}/{connection.public_id}{end}"
        )
        assert (response.status_code, response.json()["error"]) == (status, error)


def test_a_client_must_name_its_user(dana_app: NewClient, connection: Connection) -> None:
    own = {"client_id": dana_app.client_id, "client_secret": dana_app.client_secret}
    response = Client().get(CONNECTIONS, own)
    assert response.status_code == 400
    assert response.json()["error"] == "app_user_id or oneup_user_id is required"


def test_a_token_in_the_query_is_not_taken(connection: Connection, alice_token: str) -> None:
    assert Client().get(CONNECTIONS, {"access_token": alice_token}).status_code == 401


def test_a_client_lists_all_its_users_and_no_one_elses(
    dana_app: NewClient,
    mallory_app: NewClient,
    mallory_user: AppUser,
    alice: AppUser,
    connection: Connection,
) -> None:
    def listed(app: NewClient) -> list[dict[str, Any]]:
        own = {"client-id": app.client_id, "client-secret": app.client_secret}
        answered = Client(headers={**own, "x-oneup-user-id": "client"}).get(CONNECTIONS).json()
        return list(answered["entry"])

    (row,) = listed(dana_app)
    assert (row["oneup_user_id"], row["id"]) == (alice.pk, connection.public_id)
    assert listed(mallory_app) == []


@pytest.mark.parametrize("method, end", [*CALLS, ("delete", "/../../data")])
def test_all_users_at_once_is_for_the_list_only(
    dana_app: NewClient, path: str, connection: Connection, method: str, end: str
) -> None:
    own = {"client-id": dana_app.client_id, "client-secret": dana_app.client_secret}
    client = Client(headers={**own, "x-oneup-user-id": "client"})
    url = "/connect/api/data?confirm=client" if ".." in end else f"{path}{end}"
    response = getattr(client, method)(url)
    assert response.status_code == 403
    assert response.json() == {"message": "Forbidden"}


@pytest.mark.parametrize("scope", ["user/*.read", "patient/Observation.read", "user/Patient.*"])
def test_a_narrow_scope_reads_but_does_not_end_anything(
    dana_app: NewClient,
    alice: AppUser,
    connection: Connection,
    path: str,
    now: datetime,
    scope: str,
) -> None:
    client = bearer(token_pair(dana_app, alice, now, scope).access_token)
    assert client.get(path).status_code == 200
    for url in (path, f"{path}/data", f"/connect/api/data?confirm={alice.pk}"):
        assert client.delete(url).status_code == 403
    connection.refresh_from_db()
    assert connection.status == "pending"


@pytest.mark.parametrize(
    "method, url",
    [
        ("post", CONNECTIONS),
        ("put", f"{CONNECTIONS}/c_1"),
        ("get", f"{CONNECTIONS}/c_1/refresh"),
        ("get", "/connect/api/data"),
        ("get", "/connect/api/on-demand-ingest"),
        ("get", "/connect/session"),
        ("delete", "/connect/system/clinical"),
    ],
)
def test_other_methods_are_not_allowed(db: None, method: str, url: str) -> None:
    response = getattr(Client(), method)(url)
    assert response.status_code == 405
    assert response["Allow"]


# --- Refresh -------------------------------------------------------------------------------------


def test_a_refresh_is_queued(alices: Client, path: str, connection: Connection) -> None:
    response = alices.post(f"{path}/refresh")
    answered = response.json()
    assert response.status_code == 202
    assert (answered["success"], answered["queued"]) == (True, True)
    assert answered["connection"]["id"] == connection.public_id


def test_a_running_or_ended_connection_is_not_queued_again(
    alices: Client, path: str, connection: Connection, now: datetime
) -> None:
    for change in ({"lease_until": now + timedelta(minutes=1)}, {"status": "disconnected"}):
        Connection.objects.filter(pk=connection.pk).update(**change)
        response = alices.post(f"{path}/refresh")
        assert (response.status_code, response.json()["queued"]) == (202, False)


def test_on_demand_ingest_refreshes_all_or_one_system(
    alices: Client, connection: Connection
) -> None:
    url = "/connect/api/on-demand-ingest"
    for given in ({}, {"system_id": connection.system_id}):
        response = alices.post(url, given, content_type="application/json")
        answered = response.json()
        assert (response.status_code, answered["queued"]) == (202, True)
        assert [row["id"] for row in answered["entry"]] == [connection.public_id]
    assert alices.post(url, {"system_id": "4706"}).status_code == 404


def test_on_demand_ingest_without_connections_queues_nothing(bob_token: str) -> None:
    response = bearer(bob_token).post("/connect/api/on-demand-ingest")
    assert response.status_code == 202
    assert response.json() == {"success": True, "queued": False, "entry": []}


def test_the_ledger_is_an_array(alices: Client, path: str) -> None:
    assert alices.get(f"{path}/ledger").json() == {"success": True, "entry": []}


# --- Leaving -------------------------------------------------------------------------------------


def test_disconnecting_stops_revokes_and_forgets_but_keeps_data(
    alices: Client, path: str, imported: Connection, source: Source
) -> None:
    response = alices.delete(path)
    told = response.json()["connection"]
    assert (response.status_code, told["status"]) == (200, "disconnected")
    assert told["resource_count"] == 2
    assert told["next_sync_at"] is None
    imported.refresh_from_db()
    assert not imported.access_token
    assert not imported.refresh_token
    assert [call["token"] for call in source.revoked] == ["source-refresh"]
    audited = AuditRecord.objects.get()
    assert (audited.interaction, audited.resource_id) == ("delete", imported.public_id)


def test_disconnecting_twice_is_one(alices: Client, path: str, source: Source) -> None:
    for _ in range(2):
        assert alices.delete(path).json()["connection"]["status"] == "disconnected"
    assert len(source.revoked) == 1


@pytest.mark.parametrize("away", [True, False])
def test_a_source_that_does_not_answer_keeps_nobody_from_leaving(
    alices: Client, path: str, connection: Connection, source: Source, away: bool
) -> None:
    source.up, source.revoke_status = not away, 500
    assert alices.delete(path).json()["connection"]["status"] == "disconnected"
    connection.refresh_from_db()
    assert not connection.access_token


def test_disconnecting_may_delete_the_data_too(
    alices: Client, path: str, imported: Connection
) -> None:
    told = alices.delete(f"{path}?data=delete").json()["connection"]
    assert (told["status"], told["resource_count"]) == ("disconnected", 0)


def test_data_is_deleted_and_the_connection_goes_on(
    alices: Client, path: str, imported: Connection
) -> None:
    response = alices.delete(f"{path}/data")
    assert (response.status_code, response.json()) == (202, {"success": True, "queued": True})
    row = shown(alices)
    assert (row["status"], row["resource_count"]) == ("pending", 0)


@pytest.mark.parametrize(
    "confirm", ["", "?confirm=", "?confirm=0", "?confirm=yes", "?confirm={bob}"]
)
def test_nothing_is_erased_without_confirmation(
    alices: Client, imported: Connection, bob: AppUser, confirm: str
) -> None:
    response = alices.delete(f"/connect/api/data{confirm.format(bob=bob.pk)}")
    assert response.status_code == 400
    assert response.json()["success"] is False
    row = shown(alices)
    assert (row["status"], row["resource_count"]) == ("pending", 2)


def test_everything_of_a_user_is_erased(
    alices: Client, imported: Connection, alice: AppUser, source: Source
) -> None:
    response = alices.delete(f"/connect/api/data?confirm={alice.pk}")
    assert (response.status_code, response.json()) == (202, {"success": True, "queued": True})
    row = shown(alices)
    assert (row["status"], row["resource_count"]) == ("disconnected", 0)
    assert [call["token"] for call in source.revoked] == ["source-refresh"]


def test_an_erasure_ends_dances_and_links_in_progress(
    alices: Client, browser: Client, start_url: str, alice: AppUser, dana_app: NewClient
) -> None:
    state = state_of(browser.get(start_url))
    own = {"client_id": dana_app.client_id, "client_secret": dana_app.client_secret}
    Client().post("/connect/session", {**own, "app_user_id": "alice"})
    alices.delete(f"/connect/api/data?confirm={alice.pk}")
    assert come_back(browser, state).status_code == 400
    assert not LinkAttempt.objects.exists()
    assert not ConnectSession.objects.exists()


def test_an_erasure_leaves_other_users_alone(
    alices: Client, imported: Connection, bob: AppUser, bob_token: str
) -> None:
    assert bearer(bob_token).delete(f"/connect/api/data?confirm={bob.pk}").status_code == 202
    assert shown(alices)["resource_count"] == 2
