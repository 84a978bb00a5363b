"""AuditEvents of our own making, as apps look for them (wire contract 15.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.applications import NewClient
from fhirstore import audit_events
from fhirstore.audit_events import Happened
from tests.fhirstore.fhir_client import Fhir, ids

INITIATED = Happened(
    code="data-transfer-initiated",
    words="Data transfer initiated",
    system_id=4706,
    system_name="A & B Hospital",
)
COMPLETED = Happened(
    code="member-data-ingestion-completed",
    words="Data transfer completed",
    system_id=4706,
    system_name="A & B Hospital",
)
LATER = timedelta(minutes=3)


@pytest.fixture
def events(fhir: Fhir, now: datetime) -> list[str]:
    """Ids of Alice's initiated and completed events."""
    first = audit_events.record(owner=fhir.owner, events=[INITIATED], now=now)
    second = audit_events.record(owner=fhir.owner, events=[COMPLETED], now=now + LATER)
    return [*first, *second]


@pytest.mark.parametrize(
    "query, found",
    [
        ("", {0, 1}),
        ("subtype=data-transfer-initiated", {0}),
        ("subtype=data-transfer-initiated,member-data-ingestion-completed", {0, 1}),
        ("subtype=system-selected", set()),
        ("agent-name:contains=1up-user-{n}", {0, 1}),
        ("agent-name:contains=hospital", {0, 1}),
        ("agent-name:contains=1up-user-{n}0", set()),
        ("agent-name=A %26 B", {0, 1}),
        ("altid=4706", {0, 1}),
        ("recorded=ge{after}", {1}),
        ("date=ge{after}", {1}),
        ("recorded=lt{after}&subtype=data-transfer-initiated", {0}),
    ],
)
def test_events_are_found(
    fhir: Fhir, events: list[str], now: datetime, query: str, found: set[int]
) -> None:
    after = (now + LATER / 2).strftime("%Y-%m-%dT%H:%M:%SZ")
    bundle = fhir.get(f"/r4/AuditEvent?{query.format(n=fhir.owner, after=after)}")
    assert set(ids(bundle)) == {events[n] for n in found}
    assert bundle["total"] == len(found)


def test_client_headers_find_them_too(
    fhir: Fhir, events: list[str], dana_app: NewClient, now: datetime
) -> None:
    server = Fhir("", 0, now)
    server.headers = {
        "client-id": dana_app.client_id,
        "client-secret": dana_app.client_secret,
        "x-oneup-user-id": str(fhir.owner),
    }
    query = f"subtype=data-transfer-initiated&agent-name:contains=1up-user-{fhir.owner}"
    (entry,) = server.get(f"/r4/AuditEvent?{query}")["entry"]
    resource = entry["resource"]
    assert resource["subtype"][0]["code"] == "data-transfer-initiated"
    assert resource["agent"][0]["type"]["coding"][0]["code"] == "CST"
    assert resource["agent"][0]["altId"] == "4706"
    assert "&amp; B" in resource["text"]["div"]


def test_they_are_of_r4_and_of_their_user_alone(
    fhir: Fhir, bobs: Fhir, mallorys: Fhir, events: list[str]
) -> None:
    for version in ("dstu2", "stu3"):
        assert fhir.get(f"/{version}/AuditEvent")["total"] == 0
    for other in (bobs, mallorys):
        assert other.get("/r4/AuditEvent")["total"] == 0
        other.get(f"/r4/AuditEvent/{events[0]}", expect=404)
    assert fhir.get(f"/r4/AuditEvent/{events[0]}")["id"] == events[0]


def test_they_are_in_no_everything(fhir: Fhir, events: list[str]) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    assert ids(fhir.get("/r4/Patient/p1/$everything")) == ["p1"]


def test_an_end_without_its_beginning_is_not_told(
    fhir: Fhir, events: list[str], now: datetime
) -> None:
    fhir.delete("/r4/purge?_type=AuditEvent")
    told = audit_events.record_end(owner=fhir.owner, of=events[0], event=COMPLETED, now=now)
    assert not told
    assert fhir.get("/r4/AuditEvent")["total"] == 0


def test_apps_neither_change_nor_delete_nor_forge_them(fhir: Fhir, events: list[str]) -> None:
    path = f"/r4/AuditEvent/{events[0]}"
    before = fhir.get(path)
    patch = [{"op": "replace", "path": "/outcome", "value": "4"}]
    fhir.put(path, before | {"outcome": "4"}, expect=422)
    fhir.put(path, before | {"subtype": [{"code": "mine"}]}, expect=422)
    fhir.call("PATCH", path, patch, expect=422)
    answer = fhir.delete(path, expect=422)
    assert "AuditEvent" in answer["issue"][0]["diagnostics"]
    fhir.delete("/r4/AuditEvent?subtype=data-transfer-initiated", expect=422)
    fhir.delete(f"{path}/_history/{before['meta']['versionId']}", expect=422)
    for code in ("data-transfer-initiated", "Data-Transfer-INITIATED"):
        forged = {**_event(code), "agent": before["agent"]}
        fhir.post("/r4/AuditEvent", forged, expect=422)
        fhir.put("/r4/AuditEvent/x", forged | {"id": "x"}, expect=422)
    entry = {"request": {"method": "DELETE", "url": path.removeprefix("/r4/")}}
    for kind in ("batch", "transaction"):
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        fhir.post("/r4", bundle, expect=200 if kind == "batch" else 422)
    assert fhir.get(path) == before
    assert fhir.get("/r4/AuditEvent")["total"] == 2


def test_an_apps_own_are_resources_like_any_other(fhir: Fhir, events: list[str]) -> None:
    fhir.put("/r4/AuditEvent/mine", _event("login") | {"id": "mine"}, expect=201)
    fhir.put("/r4/AuditEvent/mine", _event("logout") | {"id": "mine"})
    fhir.put("/r4/AuditEvent/mine", _event("system-selected") | {"id": "mine"}, expect=422)
    fhir.delete("/r4/AuditEvent/mine")
    fhir.delete("/r4/purge?_type=AuditEvent")
    assert fhir.get("/r4/AuditEvent")["total"] == 0


def _event(code: str) -> dict[str, Any]:
    return {
        "resourceType": "AuditEvent",
        "type": {"code": "rest"},
        "subtype": [{"code": code}],
        "recorded": "2026-11-24T10:00:00Z",
        "agent": [{"name": "app", "requestor": True}],
        "source": {"observer": {"display": "app"}},
    }
