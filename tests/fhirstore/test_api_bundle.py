"""Bundles posted to the base: legacy form, batch, transaction (wire contract 12.7)."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.api import batch
from tests.fhirstore.fhir_client import Fhir, ids

VERSIONS = ("dstu2", "stu3", "r4")


def bundle(kind: str | None, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": list(entries)} | ({"type": kind} if kind else {})


def asked(method: str, url: str, resource: Any = None, full_url: str = "") -> dict[str, Any]:
    entry: dict[str, Any] = {"request": {"method": method, "url": url}}
    entry |= {"resource": resource} if resource is not None else {}
    return entry | ({"fullUrl": full_url} if full_url else {})


def statuses(answer: dict[str, Any]) -> list[str]:
    return [entry["response"]["status"] for entry in answer["entry"]]


def patient(ident: str | None = None, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more} | ({"id": ident} if ident else {})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", [None, "collection", "batch"])
def test_the_legacy_form_keeps_the_good_ones(fhir: Fhir, version: str, kind: str | None) -> None:
    entries = [{"resource": r} for r in (patient("a"), patient("b_c"), {"x": 1}, patient("d"))]
    answer = fhir.post(f"/fhir/{version}", bundle(kind, *entries))
    assert answer["type"] == "batch-response"
    assert statuses(answer)[::3] == ["201 Created", "201 Created"]
    assert statuses(answer)[1].startswith("400")
    assert statuses(answer)[2].startswith("40")
    assert ids(fhir.get(f"/{version}/Patient")) == ["a", "d"]


def test_the_legacy_form_takes_twenty(fhir: Fhir) -> None:
    entries = [{"resource": patient(f"p{n}")} for n in range(21)]
    fhir.post("/dstu2", bundle(None, *entries), expect=400)
    assert fhir.get("/dstu2/Patient")["total"] == 0
    fhir.post("/dstu2", bundle(None, *entries[:20]))
    assert fhir.get("/dstu2/Patient")["total"] == 20


@pytest.mark.parametrize("version", VERSIONS)
def test_a_batch_succeeds_and_fails_one_by_one(fhir: Fhir, version: str) -> None:
    fhir.store(version, patient("old"), patient("gone"))
    answer = fhir.post(
        f"/{version}",
        bundle(
            "batch",
            asked("GET", "Patient/old"),
            asked("GET", "Patient/none"),
            asked("PUT", "Patient/new", patient("new")),
            asked("DELETE", "Patient/gone"),
            asked("GET", "Patient?_id=old"),
            asked("POST", "Patient", {"resourceType": "Observation"}),
            asked("GET", "metadata"),
            asked("DELETE", "purge"),
            {"request": {"method": 5}},
            {},
        ),
    )
    codes = [status[:3] for status in statuses(answer)]
    assert codes == ["200", "404", "201", "200", "200", "400", "200", "404", "400", "400"]
    assert answer["entry"][6]["resource"]["kind"] == "instance"
    assert answer["entry"][0]["resource"]["id"] == "old"
    assert answer["entry"][4]["resource"]["total"] == 1
    member = answer["entry"][1]
    told = member["resource"] if version == "dstu2" else member["response"]["outcome"]
    assert told["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_transaction_resolves_references_between_its_entries(fhir: Fhir, version: str) -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "urn:uuid:1"},
        "device": {"reference": "urn:uuid:3"},
    }
    device = {"resourceType": "Device", "id": "d1", "type": {"text": "scale"}}
    answer = fhir.post(
        f"/{version}",
        bundle(
            "transaction",
            asked("POST", "Observation", observation, "urn:uuid:2"),
            asked("POST", "Patient", patient(), "urn:uuid:1"),
            asked("PUT", "Device/d1", device, "urn:uuid:3"),
        ),
    )
    assert answer["type"] == "transaction-response"
    assert statuses(answer) == ["201 Created"] * 3
    made = answer["entry"][0]["resource"]
    person = answer["entry"][1]["resource"]["id"]
    assert made["subject"]["reference"] == f"Patient/{person}"
    assert made["device"]["reference"] == "Device/d1"
    assert made["id"].startswith(person)
    assert "/_history/" in answer["entry"][0]["response"]["location"]
    assert ids(fhir.get(f"/{version}/Observation?subject=Patient/{person}")) == [made["id"]]


@pytest.mark.parametrize(
    "bad",
    [
        asked("PUT", "Patient/x_y", patient()),
        asked("DELETE", "Patient/none"),
        asked("GET", "Patient/none"),
        asked("POST", "Nonsense", {"resourceType": "Nonsense"}),
        asked("POST", "Patient", {"resourceType": "Observation"}),
        asked("PUT", "Patient/a", patient("a")),
        asked("PUT", "Patient?_id=a", patient("a")),
        {"resource": patient("z")},
    ],
)
def test_a_transaction_happens_whole_or_not_at_all(fhir: Fhir, bad: dict[str, Any]) -> None:
    good = asked("PUT", "Patient/a", patient("a"))
    answer = fhir.post("/r4", bundle("transaction", good, bad), expect=None)
    assert fhir.last.status_code in (400, 404)
    assert answer["resourceType"] == "OperationOutcome"
    assert fhir.get("/r4/Patient")["total"] == 0


def test_a_transaction_deletes_before_it_creates_and_reads_last(fhir: Fhir) -> None:
    fhir.store("r4", patient("a", gender="male"))
    answer = fhir.post(
        "/r4",
        bundle(
            "transaction",
            asked("GET", "Patient/b"),
            asked("PUT", "Patient/b", patient("b")),
            asked("DELETE", "Patient/a"),
        ),
    )
    assert [status[:3] for status in statuses(answer)] == ["200", "201", "200"]


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Bundle", "entry": {}},
        {"resourceType": "Bundle", "entry": [1]},
        bundle("searchset", asked("GET", "Patient/1")),
    ],
)
def test_what_is_no_such_bundle_is_refused(fhir: Fhir, body: dict[str, Any]) -> None:
    assert fhir.post("/r4", body, expect=400)["resourceType"] == "OperationOutcome"


def test_an_empty_bundle_does_nothing(fhir: Fhir) -> None:
    assert fhir.post("/r4", bundle("transaction"))["entry"] == []
    assert fhir.post("/r4", {"resourceType": "Bundle"})["entry"] == []


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_answers_do_not_fill_the_memory(
    fhir: Fhir, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fhir.store("r4", patient("p"), *(patient(f"p{n}") for n in range(20)))
    entries = [asked("GET", "Patient?_count=20")] * 4
    if kind == "batch":
        entries.append(asked("PUT", "Patient/p", patient("p")))
    assert set(statuses(fhir.post("/r4", bundle(kind, *entries)))) == {"200 OK"}
    monkeypatch.setattr(batch, "MOST_ANSWERED", 5000)
    answer = fhir.post("/r4", bundle(kind, *entries), expect=200 if kind == "batch" else 413)
    if kind == "batch":
        told = statuses(answer)
        assert told[0] == told[-1] == "200 OK"
        assert told[3].startswith("413")


def test_a_permission_is_given_by_a_call_of_its_own(fhir: Fhir, bobs: Fhir) -> None:
    fhir.store("r4", patient("p1"))
    path = f"Patient/p1/_permission/{bobs.owner}"
    for method in ("PUT", "DELETE"):
        (entry,) = fhir.post("/r4", bundle("batch", asked(method, path)))["entry"]
        assert entry["response"]["status"].startswith("405")
        assert "permission" in str(entry["response"]["outcome"])
    fhir.put(f"/r4/{path}", None)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_what_was_created_is_told_from_what_was_updated(
    fhir: Fhir, version: str, kind: str, settings: Any
) -> None:
    settings.CREATE_STATUS = "200"
    entries = [
        asked("PUT", "Patient/a", patient("a")),
        asked("POST", "Patient", patient()),
        asked("PUT", "Patient/old", patient("old")),
    ]
    fhir.store(version, patient("old"))
    answer = fhir.post(f"/{version}", bundle(kind, *entries))
    assert statuses(answer) == ["201 Created", "201 Created", "200 OK"]
    assert [bool(e["response"].get("location")) for e in answer["entry"]] == [True, True, False]
