"""Who may see and do what through the FHIR API (wire contract 7.4 to 7.6, 12.10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pytest

from accounts.applications import NewClient
from accounts.models import AppUser, AuditRecord
from fhirstore.ingest import ingest
from fhirstore.source import Source
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir, ids, observation

CALLS = (
    ("GET", "Patient/p1"),
    ("GET", "Patient/p1/_history"),
    ("GET", "Patient/p1/_history/9000000000000"),
    ("GET", "Patient/p1/$everything"),
    ("POST", "Patient/p1"),
    ("DELETE", "Patient/p1"),
    ("DELETE", "Patient/p1/_history/9000000000000"),
    ("DELETE", "Patient/p1/$everything"),
)


@pytest.mark.parametrize("method, path", CALLS)
def test_another_users_resource_is_the_same_as_none(
    fhir: Fhir, bobs: Fhir, mallorys: Fhir, method: str, path: str
) -> None:
    body = {"resourceType": "Patient"}
    for stranger in (bobs, mallorys):
        nothing = stranger.call(method, f"/r4/{path}", body, expect=404)
        fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
        answer = stranger.call(method, f"/r4/{path}", body, expect=404)
        assert answer["issue"] == nothing["issue"]
        assert stranger.get("/r4/Patient")["total"] == 0
        assert stranger.get("/r4/Patient?_id=p1")["total"] == 0
    assert fhir.get("/r4/Patient/p1")["meta"]["versionId"] == "9000000000000"


def test_two_users_hold_one_id_without_meeting(fhir: Fhir, mallorys: Fhir) -> None:
    fhir.put("/r4/Patient/p1", {"resourceType": "Patient", "gender": "female"}, expect=201)
    mallorys.put("/r4/Patient/p1", {"resourceType": "Patient", "gender": "male"}, expect=201)
    mallorys.delete("/r4/purge")
    assert fhir.get("/r4/Patient/p1")["gender"] == "female"


@pytest.mark.parametrize(
    "method, path",
    [*CALLS, ("GET", "Patient"), ("POST", ""), ("POST", "Patient"), ("DELETE", "purge")],
)
def test_without_a_token_nothing_answers(db: None, now: datetime, method: str, path: str) -> None:
    answer = Fhir("", 0, now).call(method, f"/fhir/dstu2/{path}".rstrip("/"), expect=401)
    assert answer["error"] == "invalid_token"


def test_a_token_in_the_query_works(fhir: Fhir, alice_token: str, now: datetime) -> None:
    fhir.store("dstu2", {"resourceType": "Patient", "id": "p1"})
    bare = Fhir("", 0, now)
    assert bare.get(f"/fhir/dstu2/Patient/p1?access_token={alice_token}")["id"] == "p1"


@pytest.mark.parametrize(
    "scope, method, path, status",
    [
        ("user/Patient.read", "GET", "Patient", 200),
        ("user/Patient.read", "GET", "Patient/p1", 200),
        ("user/Patient.read", "GET", "Observation", 403),
        ("user/Patient.read", "GET", "Patient/p1/$everything", 200),
        ("user/Patient.write", "GET", "Patient/p1/$everything", 403),
        ("user/Patient.read", "PUT", "Patient/p1", 403),
        ("user/*.read", "GET", "Patient/p1/$everything", 200),
        ("user/*.read", "DELETE", "purge", 403),
        ("patient/Patient.rs", "DELETE", "Patient/p1", 403),
        ("user/Patient.s", "GET", "Patient/p1", 403),
        ("user/Patient.u", "PUT", "Patient/p1", 200),
        ("user/Patient.c", "POST", "Patient", 201),
        ("user/Patient.d", "DELETE", "Patient/p1/$everything", 403),
        ("user/*.d", "DELETE", "Patient/p1/$everything", 200),
    ],
)
def test_narrower_scopes_are_enforced(
    fhir: Fhir,
    dana_app: NewClient,
    alice: AppUser,
    now: datetime,
    scope: str,
    method: str,
    path: str,
    status: int,
) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    narrow = Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)
    answer = narrow.call(method, f"/r4/{path}", {"resourceType": "Patient"}, expect=status)
    if status == 403:
        assert answer["resourceType"] == "OperationOutcome"
        assert answer["issue"][0]["code"] == "forbidden"
        assert "scope does not permit" in answer["issue"][0]["diagnostics"]


def test_scopes_hold_for_a_bundles_entries(
    fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    narrow = Fhir(token_pair(dana_app, alice, now, "user/Patient.read").access_token, 0, now)
    wanted = [
        ("GET", "Patient/p1"),
        ("DELETE", "Patient/p1"),
        ("GET", "Observation"),
        ("GET", "Patient/p1/$everything"),
        ("DELETE", "Patient/p1/$everything"),
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": m, "url": u}} for m, u in wanted],
    }
    entries = narrow.post("/r4", bundle)["entry"]
    assert [entry["response"]["status"][:3] for entry in entries] == [
        *("200", "403", "403", "200", "403")
    ]


def test_a_scope_to_create_is_none_to_overwrite(
    fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    narrow = Fhir(token_pair(dana_app, alice, now, "user/Patient.c").access_token, 0, now)
    narrow.post("/r4/Patient", {"resourceType": "Patient", "id": "p1"}, expect=403)
    assert fhir.get("/r4/Patient/p1")["meta"]["versionId"] == "9000000000000"


def test_every_data_call_is_audited_once(fhir: Fhir) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    fhir.get("/r4/Patient/p1")
    fhir.get("/r4/Patient/p2", expect=404)
    fhir.get("/r4/Patient")
    said = AuditRecord.objects.order_by("pk").values_list(
        "interaction", "resource_type", "resource_id"
    )
    assert list(said) == [
        ("read", "Patient", "p1"),
        ("read", "Patient", "p2"),
        ("search", "Patient", ""),
    ]


def imported(owner: int, now: datetime, *resources: dict[str, Any]) -> None:
    source = Source(
        base="https://hospital.example/r4", system_id=1, connection=1, version="r4", patient="1"
    )
    ingest(owner=owner, source=source, resources=resources, now=now)


def test_all_users_of_a_client_are_read_at_once_and_one_source_once(
    fhir: Fhir, bobs: Fhir, mallorys: Fhir, server: Fhir, now: datetime
) -> None:
    shared = {"resourceType": "Patient", "id": "1", "gender": "male"}
    imported(fhir.owner, now, shared)
    imported(bobs.owner, now.replace(year=2030), {**shared, "gender": "female"})
    imported(mallorys.owner, now, shared)
    for one in (fhir, bobs, mallorys):
        one.store("r4", {"resourceType": "Patient", "id": "written"})
    bundle = server.get("/r4/Patient")
    assert bundle["total"] == 3
    assert sorted(ids(bundle))[1:] == ["written", "written"]
    (merged,) = [e["resource"] for e in bundle["entry"] if e["resource"]["id"] != "written"]
    assert merged["gender"] == "female"  # the newest
    assert server.get(f"/r4/Patient/{merged['id']}") == merged
    assert server.get(f"/r4/Patient?gender=female&_id={merged['id']}")["total"] == 1
    assert server.get(f"/r4/Patient/{merged['id']}/$everything")["total"] == 1
    assert server.get(f"/r4/Patient/{merged['id']}/_history")["total"] == 1


@pytest.mark.parametrize("version", ["dstu2", "r4"])
def test_pages_over_all_users_miss_none_of_equal_ids(
    fhir: Fhir, bobs: Fhir, server: Fhir, version: str
) -> None:
    for one in (fhir, bobs):
        one.store(version, *(observation(f"o{n}") for n in range(5)))
    seen: list[str] = []
    url: str | None = f"/{version}/Observation?_count=3"
    while url:
        bundle = server.get(url)
        assert bundle["total"] == 10
        seen += ids(bundle)
        url = next((x["url"] for x in bundle.get("link", ()) if x["relation"] == "next"), None)
    assert seen == sorted([f"o{n}" for n in range(5)] * 2)


def test_a_write_for_all_users_is_forbidden(server: Fhir, fhir: Fhir) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    forbidden = {"message": "Forbidden"}
    for method, path in (("POST", "Patient"), ("PUT", "Patient/p1"), ("DELETE", "Patient/p1")):
        body = {"resourceType": "Patient"}
        assert server.call(method, f"/r4/{path}", body, expect=403) == forbidden


def test_client_headers_act_as_one_user(fhir: Fhir, bobs: Fhir, server: Fhir) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    server.headers["x-oneup-user-id"] = str(fhir.owner)
    assert server.get("/r4/Patient")["total"] == 1
    server.headers["x-oneup-user-id"] = str(bobs.owner)
    assert server.get("/r4/Patient")["total"] == 0


def test_errors_never_have_a_top_level_success(fhir: Fhir) -> None:
    for path in ("Patient/none", "Nonsense", "Patient?name:odd=1", "Patient/p/$odd"):
        assert "success" not in fhir.get(f"/r4/{path}", expect=None)
    assert orjson.loads(fhir.last.content)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    "path, status",
    [("Patient/p1", 200), ("Patient", 200), ("Patient/p1/_history", 200), ("Patient/none", 404)],
)
def test_no_cache_may_keep_an_answer(fhir: Fhir, path: str, status: int) -> None:
    """Two users of one source have a Patient of the same address; by Last-Modified alone a browser
    would show the second what it kept of the first."""
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    fhir.get(f"/r4/{path}", expect=status)
    assert fhir.last["Cache-Control"] == "no-store"
    fhir.headers = {}
    fhir.get(f"/r4/{path}", expect=401)
    assert fhir.last["Cache-Control"] == "no-store"
