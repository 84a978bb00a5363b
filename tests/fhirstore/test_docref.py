"""`DocumentReference/$docref` (hl7.org/fhir/us/core/OperationDefinition-docref.html)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids, link

pytestmark = pytest.mark.django_db

CCD = {"coding": [{"system": "http://loinc.org", "code": "34133-9"}]}
NOTE = {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]}


def _document(ident: str, month: int, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": ident,
        "status": "current",
        "type": CCD,
        "subject": {"reference": "Patient/p1"},
        "date": f"2026-{month:02}-10T08:00:00Z",
        "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}],
        **more,
    }


RESOURCES = (
    _document("a", 1, context={"period": {"start": "2025-01-01", "end": "2025-02-01"}}),
    _document("b", 2, type=NOTE, context={"period": {"start": "2025-06-01", "end": "2025-07-01"}}),
    _document("c", 3),
    _document("d", 4, status="superseded"),
    _document("e", 5, status="entered-in-error"),
    _document("f", 6, subject={"reference": "Patient/p2"}),
)


@pytest.fixture(autouse=True)
def stored(fhir: Fhir) -> None:
    fhir.store("r4", *RESOURCES)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("patient=p1", ["c", "b", "a"]),
        ("patient=Patient/p1", ["c", "b", "a"]),
        ("patient=p2", ["f"]),
        ("patient=p3", []),
        ("patient=p1&type=http://loinc.org|34133-9", ["c", "a"]),
        ("patient=p1&type=11506-3&type=34133-9", ["c", "b", "a"]),
        ("patient=p1&start=2025-06-15", ["d", "c", "b"]),
        ("patient=p1&end=2025-01-15", ["a"]),
        ("patient=p1&start=2025-01-15T00:00:00Z&end=2025-06-15T00:00:00Z", ["b", "a"]),
        ("patient=p1&start=2026-03-01&end=2026-03-31", ["c"]),
        ("patient=p1&on-demand=true", []),
        ("patient=p1&on-demand=false", ["c", "b", "a"]),
        ("patient=p1&profile=http://example.org/none", []),
    ],
)
def test_which_documents(fhir: Fhir, query: str, expected: list[str]) -> None:
    bundle = fhir.get(f"/r4/DocumentReference/$docref?{query}")
    assert ids(bundle) == expected
    assert bundle["total"] == len(expected)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "patient"),
        ("patient=p1&patient=p2", "patient"),
        ("patient=p1&start=x", "start"),
        ("patient=p1&end=x", "end"),
        ("patient=p1&end=2025&end=2026", "end"),
        ("patient=p1&on-demand=x", "on-demand"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(fhir: Fhir, query: str, named: str) -> None:
    outcome = fhir.get(f"/r4/DocumentReference/$docref?{query}", expect=400)
    assert named in outcome["issue"][0]["diagnostics"]


def test_it_is_an_operation_on_documents(fhir: Fhir) -> None:
    fhir.get("/r4/Patient/$docref?patient=p1", expect=404)


def test_another_user_has_none_of_it(bobs: Fhir) -> None:
    assert ids(bobs.get("/r4/DocumentReference/$docref?patient=p1")) == []


def test_pages_where_a_size_is_asked_for(fhir: Fhir) -> None:
    bundle = fhir.get("/r4/DocumentReference/$docref?patient=p1&_count=2")
    assert (bundle["total"], ids(bundle)) == (3, ["c", "b"])
    rest = fhir.get(link(bundle, "next") or "")
    assert (rest["total"], ids(rest), link(rest, "next")) == (3, ["a"], None)
