"""`_include` and `_revinclude` (hl7.org/fhir/R4/search.html#include): what comes along with the
matches of a page, and what never does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, observation

pytestmark = pytest.mark.django_db


def _ref(target: str) -> dict[str, str]:
    return {"reference": target}


RESOURCES: tuple[dict[str, Any], ...] = (
    {"resourceType": "Patient", "id": "p1", "managingOrganization": _ref("Organization/o1")},
    {"resourceType": "Patient", "id": "p2"},
    {"resourceType": "Organization", "id": "o1", "name": "One", "partOf": _ref("Organization/o2")},
    {"resourceType": "Organization", "id": "o2", "name": "Two", "partOf": _ref("Organization/o3")},
    {"resourceType": "Organization", "id": "o3", "name": "Three"},
    {"resourceType": "Practitioner", "id": "d1"},
    observation(
        "a",
        subject=_ref("Patient/p1"),
        performer=[_ref("Practitioner/d1"), _ref("Organization/o1")],
        code={"text": "a"},
    ),
    observation("b", subject=_ref("Patient/p1/_history/3"), code={"text": "b"}),
    observation("c", subject=_ref("Patient/p2"), hasMember=[_ref("Observation/a")]),
    observation("d", subject=_ref("Patient/gone"), derivedFrom=[_ref("Observation/d")]),
    {
        "resourceType": "Provenance",
        "id": "v1",
        "target": [_ref("Observation/a"), _ref("Observation/b")],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"who": _ref("Practitioner/d1")}],
    },
)


@pytest.fixture(autouse=True)
def stored(fhir: Fhir) -> None:
    fhir.store("r4", *RESOURCES)


def along(bundle: dict[str, Any]) -> list[str]:
    """What came along, as "Type/id"."""
    return [_name(e) for e in bundle["entry"] if e["search"]["mode"] == "include"]


def matches(bundle: dict[str, Any]) -> list[str]:
    return [_name(e) for e in bundle["entry"] if e["search"]["mode"] == "match"]


def _name(entry: dict[str, Any]) -> str:
    return f"{entry['resource']['resourceType']}/{entry['resource']['id']}"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?_id=a&_include=Observation:subject", ["Patient/p1"]),
        ("Observation?_id=a&_include=Observation:patient", ["Patient/p1"]),
        ("Observation?_id=a&_include=observation:subject", ["Patient/p1"]),
        ("Observation?_id=b&_include=Observation:subject", ["Patient/p1"]),
        ("Observation?_id=a,b&_include=Observation:subject", ["Patient/p1"]),
        ("Observation?_id=d&_include=Observation:subject", []),
        ("Observation?_id=a&_include=Observation:subject:Group", []),
        ("Observation?_id=a&_include=Observation:subject:Patient", ["Patient/p1"]),
        ("Observation?_id=a&_include=Patient:organization", []),
        (
            "Observation?_id=a&_include=Observation:performer",
            ["Practitioner/d1", "Organization/o1"],
        ),
        ("Observation?_id=a&_include=Observation:performer:Practitioner", ["Practitioner/d1"]),
        (
            "Observation?_id=a&_include=Observation:*",
            ["Practitioner/d1", "Organization/o1", "Patient/p1"],
        ),
        ("Observation?_id=a&_include=*", ["Practitioner/d1", "Organization/o1", "Patient/p1"]),
        ("Observation?_id=a&_include=Observation:*:Patient", ["Patient/p1"]),
        # A match does not come along a second time.
        ("Observation?_id=a,c&_include=Observation:has-member", []),
        ("Observation?_id=d&_include=Observation:derived-from", []),
        (
            "Observation?_id=a&_include=Observation:subject&_include:iterate=Patient:organization",
            ["Patient/p1", "Organization/o1"],
        ),
        (
            "Observation?_id=a&_include=Observation:subject&_include=Patient:organization",
            ["Patient/p1"],
        ),
        (
            "Organization?_id=o1&_include:iterate=Organization:partof",
            ["Organization/o2", "Organization/o3"],
        ),
        ("Organization?_id=o1&_include=Organization:partof", ["Organization/o2"]),
        ("Observation?_id=a&_revinclude=Provenance:target", ["Provenance/v1"]),
        ("Observation?_id=a,b&_revinclude=Provenance:target", ["Provenance/v1"]),
        ("Observation?_id=a&_revinclude=Provenance:target:Observation", ["Provenance/v1"]),
        ("Observation?_id=a&_revinclude=Provenance:target:Patient", []),
        ("Observation?_id=c&_revinclude=Provenance:target", []),
        ("Patient?_id=p1&_revinclude=Observation:subject", ["Observation/a", "Observation/b"]),
        ("Patient?_id=p1&_revinclude=Observation:patient", ["Observation/a", "Observation/b"]),
        ("Patient?_id=p1&_revinclude=Observation:*", ["Observation/a", "Observation/b"]),
        ("Patient?_id=p1&_revinclude=*", ["Observation/a", "Observation/b"]),
        ("Patient?_id=p2&_revinclude=Observation:encounter", []),
        (
            "Patient?_id=p1&_revinclude=Observation:subject&_revinclude:iterate=Provenance:target",
            ["Observation/a", "Observation/b", "Provenance/v1"],
        ),
        ("Observation?_id=a&_revinclude=Observation:has-member", ["Observation/c"]),
        (
            "Observation?_id=a&_revinclude=Provenance:target&_include:iterate=Provenance:agent",
            ["Provenance/v1", "Practitioner/d1"],
        ),
        ("Observation?_id=nothing&_include=*&_revinclude=*", []),
    ],
)
def test_what_comes_along(fhir: Fhir, query: str, expected: list[str]) -> None:
    bundle = fhir.get(f"/r4/{query}")
    assert sorted(along(bundle)) == sorted(expected)
    assert bundle["total"] == len(matches(bundle))
    for entry in bundle["entry"]:
        assert entry["fullUrl"].endswith(f"/r4/{_name(entry)}")


@pytest.mark.parametrize(
    "asked",
    [
        "_include=Observation",
        "_include=Observation:nosuch",
        "_include=Observation:code",
        "_include=Nosuch:subject",
        "_include=Observation:subject:Nosuch",
        "_include=Observation:subject:Patient:more",
        "_include:nosuch=Observation:subject",
        "_revinclude=:",
        "_revinclude=Provenance:recorded",
        "_revinclude=*:target",
    ],
)
def test_what_cannot_be_read_is_refused_and_named(fhir: Fhir, asked: str) -> None:
    outcome = fhir.get(f"/r4/Observation?{asked}", expect=400)
    assert asked.split("=")[0].split(":")[0] in outcome["issue"][0]["diagnostics"]


def test_what_comes_along_counts_neither_in_total_nor_in_a_page(fhir: Fhir) -> None:
    first = fhir.get("/r4/Observation?_count=1&_include=Observation:subject")
    assert (first["total"], matches(first), along(first)) == (4, ["Observation/a"], ["Patient/p1"])
    following = next(x["url"] for x in first["link"] if x["relation"] == "next")
    second = fhir.get(following)
    assert (matches(second), along(second)) == (["Observation/b"], ["Patient/p1"])


def test_another_users_resources_never_come_along(fhir: Fhir, bobs: Fhir) -> None:
    bobs.store("r4", observation("x", subject=_ref("Patient/p1")))
    bundle = bobs.get("/r4/Observation?_include=*&_revinclude=*")
    assert (matches(bundle), along(bundle)) == (["Observation/x"], [])
    assert along(fhir.get("/r4/Patient?_id=p1&_revinclude=Observation:subject")) == [
        "Observation/a",
        "Observation/b",
    ]


def test_another_versions_resources_never_come_along(fhir: Fhir) -> None:
    fhir.store("stu3", observation("x", subject=_ref("Patient/p1")))
    bundle = fhir.get("/stu3/Observation?_include=Observation:subject")
    assert (matches(bundle), along(bundle)) == (["Observation/x"], [])
    fhir.store("stu3", {"resourceType": "Patient", "id": "p1"})
    bundle = fhir.get("/stu3/Patient?_revinclude:recurse=Observation:subject")
    assert along(bundle) == ["Observation/x"]


def test_a_shared_patient_comes_along_with_what_is_shared(fhir: Fhir, bobs: Fhir) -> None:
    fhir.put(f"/r4/Patient/p1/_permission/{bobs.owner}", {})
    bundle = bobs.get("/r4/Observation?_include=*")
    assert matches(bundle) == ["Observation/a", "Observation/b"]
    # Neither organizations nor practitioners are in the patient's compartment.
    assert along(bundle) == ["Patient/p1"]
    assert along(bobs.get("/r4/Patient?_revinclude=Observation:subject")) == [
        "Observation/a",
        "Observation/b",
    ]


def test_for_all_users_of_an_app(fhir: Fhir, bobs: Fhir, server: Fhir) -> None:
    bobs.store(
        "r4", {"resourceType": "Patient", "id": "q"}, observation("x", subject=_ref("Patient/q"))
    )
    bundle = server.get("/r4/Observation?_include=Observation:subject")
    assert along(bundle) == ["Patient/p1", "Patient/p2", "Patient/q"]
    bundle = server.get("/r4/Patient?_revinclude=Observation:subject")
    assert along(bundle) == ["Observation/a", "Observation/b", "Observation/c", "Observation/x"]


def test_a_reference_by_our_own_address(fhir: Fhir) -> None:
    base = fhir.get("/r4/Patient/p1") and fhir.get("/r4/Patient?_id=p1")["entry"][0]["fullUrl"]
    fhir.store("r4", observation("e", subject=_ref(base)))
    assert along(fhir.get("/r4/Observation?_id=e&_include=Observation:subject")) == ["Patient/p1"]


def test_by_form(fhir: Fhir) -> None:
    bundle = fhir.post("/r4/Observation/_search", "_id=a&_include=Observation:subject")
    assert along(bundle) == ["Patient/p1"]


def _questionnaire(ident: str, version: str) -> dict[str, Any]:
    return {
        "resourceType": "Questionnaire",
        "id": ident,
        "status": "active",
        "url": "http://example.org/q",
        "version": version,
    }


def _answers(ident: str, questionnaire: str) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": ident,
        "status": "completed",
        "questionnaire": questionnaire,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "QuestionnaireResponse?_id=r&_include=QuestionnaireResponse:questionnaire",
            ["Questionnaire/q1", "Questionnaire/q2"],
        ),
        (
            "QuestionnaireResponse?_id=r2&_include=QuestionnaireResponse:questionnaire",
            ["Questionnaire/q2"],
        ),
        ("QuestionnaireResponse?_id=r3&_include=*", []),
        ("QuestionnaireResponse?_id=r2&_include=QuestionnaireResponse:*:Measure", []),
        (
            "Questionnaire?_id=q2&_revinclude=QuestionnaireResponse:questionnaire",
            ["QuestionnaireResponse/r", "QuestionnaireResponse/r2"],
        ),
    ],
)
def test_by_canonical_url(fhir: Fhir, query: str, expected: list[str]) -> None:
    fhir.store(
        "r4",
        _questionnaire("q1", "1"),
        _questionnaire("q2", "2"),
        _answers("r", "http://example.org/q"),
        _answers("r2", "http://example.org/q|2"),
        _answers("r3", "http://example.org/other"),
    )
    assert along(fhir.get(f"/r4/{query}")) == expected


def test_in_a_search_of_several_types_and_in_a_compartment(fhir: Fhir) -> None:
    bundle = fhir.get("/r4?_type=Patient,Organization&_id=p1,o3&_revinclude=Observation:subject")
    assert matches(bundle) == ["Organization/o3", "Patient/p1"]
    assert along(bundle) == ["Observation/a", "Observation/b"]
    bundle = fhir.get("/r4/Patient/p1/Observation?_include=Observation:performer:Organization")
    assert (matches(bundle), along(bundle)) == (
        ["Observation/a", "Observation/b"],
        ["Organization/o1"],
    )
