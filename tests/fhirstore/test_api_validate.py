"""`$validate` of a type and of a resource."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir
from tests.fhirstore.store import take_in, wearable

VERSIONS = ("dstu2", "stu3", "r4")
GOOD = {"resourceType": "Patient", "id": "p", "gender": "male"}
WRONG = {"resourceType": "Patient", "gender": "x", "nonsense": 1, "birthDate": "1970-02-31x"}


def issues(answer: dict[str, Any]) -> list[dict[str, Any]]:
    assert answer["resourceType"] == "OperationOutcome"
    found: list[dict[str, Any]] = answer["issue"]
    return found


def parameters(**named: Any) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": name, "resource": value}
            if isinstance(value, dict)
            else {"name": name, "valueCode" if name == "mode" else "valueUri": value}
            for name, value in named.items()
        ],
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_right_is_called_so_and_not_stored(fhir: Fhir, version: str) -> None:
    for body in (GOOD, parameters(resource=GOOD), parameters(resource=GOOD, mode="create")):
        (issue,) = issues(fhir.post(f"/{version}/Patient/$validate", body))
        assert (issue["severity"], issue["code"]) == ("information", "informational")
    assert fhir.get(f"/{version}/Patient")["total"] == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_each_problem_has_its_place(fhir: Fhir, version: str) -> None:
    for body in (WRONG, parameters(resource=WRONG)):
        found = issues(fhir.post(f"/{version}/Patient/$validate", body))
        assert {issue["severity"] for issue in found} == {"error"}
        where = {issue["location" if version == "dstu2" else "expression"][0] for issue in found}
        base, mark = ("/f:Patient", "/f:") if version == "dstu2" else ("Patient", ".")
        assert where == {f"{base}{mark}{name}" for name in ("gender", "nonsense", "birthDate")}


def test_the_address_names_the_type(fhir: Fhir) -> None:
    (issue,) = issues(fhir.post("/r4/Device/$validate", GOOD))
    assert issue["code"] == "invalid"
    fhir.post("/r4/MedicationOrder/$validate", {"resourceType": "MedicationOrder"}, expect=404)


def test_a_stored_resource(fhir: Fhir, bobs: Fhir) -> None:
    fhir.store("r4", dict(GOOD))
    bobs.store("r4", {**GOOD, "id": "bobs"})
    assert issues(fhir.get("/r4/Patient/p/$validate"))[0]["severity"] == "information"
    for path in ("none", "bobs"):
        for query in ("", "?mode=delete"):
            fhir.get(f"/r4/Patient/{path}/$validate{query}", expect=404)
    assert issues(fhir.get("/r4/Patient/p/$validate?mode=delete"))[0]["severity"] == "information"
    assert fhir.get("/r4/Patient/p")["meta"]["versionId"] == "9000000000000"


def test_what_an_update_would_be_told(fhir: Fhir, now: Any) -> None:
    fhir.store("r4", dict(GOOD))
    where = "/r4/Patient/p/$validate?mode=update"
    assert issues(fhir.post(where, GOOD))[0]["severity"] == "information"
    (issue,) = issues(fhir.post(where, {**GOOD, "id": "q"}))
    assert issue["expression"] == ["Patient.id"]
    reading: dict[str, Any] = {"resourceType": "Observation", "id": "steps/1", "status": "final"}
    reading |= {"code": {"text": "Steps"}}
    take_in(dict(reading), source=wearable(), owner=fhir.owner, now=now)
    (entry,) = fhir.get("/r4/Observation")["entry"]
    ident = entry["resource"]["id"]
    path = f"/r4/Observation/{ident}/$validate?mode=update"
    (issue,) = issues(fhir.post(path, {**reading, "id": ident}))
    assert issue["code"] == "business-rule"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_profile_is_not_looked_at_and_that_is_said(fhir: Fhir, version: str) -> None:
    profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1"
    asked: tuple[tuple[str, Any], ...] = (
        (f"$validate?profile={profile}", GOOD),
        (f"$validate?profile={profile}&mode=create", GOOD),
        ("$validate", parameters(resource=GOOD, profile=profile)),
        ("$validate", parameters(resource=GOOD, profile=profile, mode="profile")),
        ("$validate", {**GOOD, "meta": {"profile": [profile]}}),
    )
    for path, body in asked:
        fine, told = issues(fhir.post(f"/{version}/Patient/{path}", body))
        assert (fine["severity"], fine["code"]) == ("information", "informational")
        assert "no problem was found: elements, cardinality" in fine["details"]["text"]
        assert f"Patient in {version} were looked at" in fine["details"]["text"]
        assert (told["severity"], told["code"]) == ("information", "not-supported")
        assert profile in told["details"]["text"]
        assert "not looked at" in told["details"]["text"]
    wrong = issues(fhir.post(f"/{version}/Patient/$validate?profile={profile}", WRONG))
    assert [issue["severity"] for issue in wrong] == ["error"] * 3 + ["information"]
    assert profile in wrong[-1]["details"]["text"]
    # What is asked for goes before what the resource claims.
    claims = {**GOOD, "meta": {"profile": ["http://example.org/claimed"]}}
    told = issues(fhir.post(f"/{version}/Patient/$validate?profile={profile}", claims))[-1]
    assert "claimed" not in told["details"]["text"]


@pytest.mark.parametrize("version", VERSIONS)
def test_fhirs_own_types_are_profiles_that_are_looked_at(fhir: Fhir, version: str) -> None:
    base = "http://hl7.org/fhir/StructureDefinition"
    number = {"dstu2": "1.0.2", "stu3": "3.0.2", "r4": "4.0.1"}[version]
    for known in ("Patient", f"Patient|{number}", "Resource", "DomainResource"):
        (issue,) = issues(fhir.post(f"/{version}/Patient/$validate?profile={base}/{known}", GOOD))
        assert issue["code"] == "informational"
    fine, told = issues(fhir.post(f"/{version}/Patient/$validate?profile={base}/Patient|9", GOOD))
    assert (fine["code"], told["code"]) == ("informational", "not-supported")
    found = issues(fhir.post(f"/{version}/Patient/$validate?profile={base}/Device", GOOD))
    assert [(i["severity"], i["code"]) for i in found] == [("error", "invalid")]


def test_a_deletion_looks_at_no_structure(fhir: Fhir) -> None:
    fhir.store("r4", {**GOOD, "meta": {"profile": ["http://example.org/p"]}, "odd": 1})
    told = issues(fhir.get("/r4/Patient/p/$validate?mode=delete"))
    assert "may be deleted" in told[0]["details"]["text"]
    assert "elements" not in told[0]["details"]["text"]
    assert len(told) == 1
    found = issues(fhir.get("/r4/Patient/p/$validate"))
    assert [i["severity"] for i in found] == ["error", "information"]


def test_a_subscription_that_would_be_refused(fhir: Fhir) -> None:
    body = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "x",
        "criteria": "Observation?nonsense=1",
        "channel": {"type": "rest-hook", "endpoint": "https://app.example.org/hook"},
    }
    found = issues(fhir.post("/r4/Subscription/$validate?mode=create", body))
    assert [issue["severity"] for issue in found] == ["error"]


@pytest.mark.parametrize(
    "path, body",
    [
        ("$validate", b"{"),
        ("$validate", b"[]"),
        ("$validate", parameters()),
        ("$validate", parameters(mode="create")),
        ("$validate?mode=paint", GOOD),
        ("$validate?mode=update", GOOD),
        ("$validate", {"resourceType": "Parameters", "parameter": {}}),
        ("$validate", {"resourceType": "Parameters", "parameter": [1]}),
    ],
)
def test_what_cannot_be_understood_is_400(fhir: Fhir, path: str, body: Any) -> None:
    issues(fhir.post(f"/r4/Patient/{path}", body, expect=400))


def subscribing(criteria: str = "Observation?code=1") -> dict[str, Any]:
    channel = {"type": "rest-hook", "endpoint": "https://app.example.org/hook"}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "criteria": criteria,
        "channel": {**channel, "payload": "application/json"},
    }


@pytest.mark.parametrize(
    "rtype, body, status",
    [
        ("Subscription", subscribing(), 201),  # without the reason that FHIR wants
        ("Subscription", subscribing("Observation?nope=1"), 422),
        ("Patient", {"resourceType": "Patient", "id": "bad id!"}, 400),
        ("Patient", {"resourceType": "Patient", "id": 5}, 400),
        ("Patient", {"resourceType": "Patient", "gender": "odd"}, 422),
        ("Patient", {"resourceType": "Patient", "id": "fine"}, 201),
        ("Patient", {"resourceType": "Patient"}, 201),
        (
            "AuditEvent",
            {
                "resourceType": "AuditEvent",
                "type": {"code": "rest"},
                "subtype": [{"code": "system-selected"}],
                "recorded": "2026-11-24T10:00:00Z",
                "agent": [{"requestor": True}],
                "source": {"observer": {"display": "app"}},
            },
            422,
        ),
    ],
)
def test_it_tells_what_a_create_is_told(
    fhir: Fhir, rtype: str, body: dict[str, Any], status: int
) -> None:
    found = issues(fhir.post(f"/r4/{rtype}/$validate", body))
    assert (found[0]["severity"] == "information") == (status == 201)
    fhir.post(f"/r4/{rtype}", body, expect=status)


def test_it_tells_what_an_update_is_told(fhir: Fhir) -> None:
    for ident, fine in (("jp", True), ("other", False)):
        body = {"resourceType": "Patient", "id": ident}
        found = issues(fhir.post("/r4/Patient/jp/$validate", body))
        assert (found[0]["severity"] == "information") is fine
        fhir.put("/r4/Patient/jp", body, expect=201 if fine else 400)


def test_as_a_profile_the_structure_is_looked_at_alone(fhir: Fhir) -> None:
    found = issues(fhir.post("/r4/Subscription/$validate?mode=profile", subscribing("Nope")))
    assert [issue["expression"] for issue in found] == [["Subscription.reason"]]
