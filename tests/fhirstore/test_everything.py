"""`Patient/{id}/$everything` narrowed: `_type`, `_since`, `start`, `end`, `_elements`, `_summary`
(hl7.org/fhir/R4/patient-operation-everything.html)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fhirstore.writes import put_many
from tests.fhirstore.fhir_client import Fhir, ids, link, observation

pytestmark = pytest.mark.django_db

OF_P1 = {"subject": {"reference": "Patient/p1"}}
RESOURCES: tuple[dict[str, Any], ...] = (
    {"resourceType": "Patient", "id": "p1", "gender": "male"},
    observation("o1", effectiveDateTime="2026-01-10", **OF_P1),
    observation("o2", effectiveDateTime="2026-02-10", **OF_P1),
    observation("o3", **OF_P1),
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "AMB"},
        "period": {"start": "2026-01-20", "end": "2026-03-01"},
        **OF_P1,
    },
    {
        "resourceType": "Encounter",
        "id": "e2",
        "status": "in-progress",
        "class": {"code": "AMB"},
        "period": {"start": "2026-02-20"},
        **OF_P1,
    },
)


@pytest.fixture(autouse=True)
def stored(fhir: Fhir) -> None:
    fhir.store("r4", *RESOURCES)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["p1", "e1", "e2", "o1", "o2", "o3"]),
        ("_type=Observation", ["o1", "o2", "o3"]),
        ("_type=encounter,Patient", ["p1", "e1", "e2"]),
        ("start=2026-02-01", ["p1", "e1", "e2", "o2", "o3"]),
        ("end=2026-01-15", ["p1", "o1", "o3"]),
        ("end=2026-01-10", ["p1", "o1", "o3"]),
        ("end=2026-01-09", ["p1", "o3"]),
        ("start=2026-01-11&end=2026-02-09", ["p1", "e1", "o3"]),
        ("start=2026-02&end=2026-02", ["p1", "e1", "e2", "o2", "o3"]),
        ("start=2027", ["p1", "e2", "o3"]),
        ("_since=2999", []),
        ("_since=2000-01-01T00:00:00Z", ["p1", "e1", "e2", "o1", "o2", "o3"]),
        ("_type=Observation&start=2026-02-01", ["o2", "o3"]),
        ("nonsense=1", ["p1", "e1", "e2", "o1", "o2", "o3"]),
    ],
)
def test_what_is_part_of_it(fhir: Fhir, query: str, expected: list[str]) -> None:
    bundle = fhir.get(f"/r4/Patient/p1/$everything?{query}")
    assert (ids(bundle), bundle["total"]) == (expected, len(expected))


@pytest.mark.parametrize("version", ["r4", "stu3", "dstu2"])
@pytest.mark.parametrize(
    "query", ["", "_type=Observation,Encounter", "_count=2&_skip=2", "_elements=id"]
)
def test_every_entry_has_the_address_of_its_own_type(fhir: Fhir, version: str, query: str) -> None:
    weight = observation("w", subject={"reference": "Patient/other"})
    fhir.store(version, {"resourceType": "Patient", "id": "other"}, weight)
    flag = {"resourceType": "Flag", "id": "f", "subject": {"reference": "Patient/other"}}
    fhir.store(version, flag)
    for patient in ("other", "p1") if version == "r4" else ("other",):
        bundle = fhir.get(f"/{version}/Patient/{patient}/$everything?{query}")
        for entry in bundle["entry"]:
            resource = entry["resource"]
            address = f"/{version}/{resource['resourceType']}/{resource['id']}"
            assert entry["fullUrl"].endswith(address)


def test_since(fhir: Fhir) -> None:
    later = fhir.now + timedelta(hours=1)
    changed = observation("o2", effectiveDateTime="2026-02-11", **OF_P1)
    put_many(owner=fhir.owner, version="r4", resources=[changed], now=later)
    asked = (fhir.now + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert ids(fhir.get(f"/r4/Patient/p1/$everything?_since={asked}")) == ["o2"]


@pytest.mark.parametrize(
    ("query", "named"),
    [("start=x", "start"), ("end=x", "end"), ("_since=x", "_since"), ("_type=Nosuch", "_type")],
)
def test_what_cannot_be_read_is_refused_and_named(fhir: Fhir, query: str, named: str) -> None:
    outcome = fhir.get(f"/r4/Patient/p1/$everything?{query}", expect=400)
    assert named in outcome["issue"][0]["diagnostics"]


def test_strictly(fhir: Fhir) -> None:
    path = "/r4/Patient/p1/$everything?_type=Patient"
    fhir.get(path, prefer="handling=strict")
    outcome = fhir.get(f"{path}&nonsense=1", prefer="handling=strict", expect=400)
    assert "nonsense" in outcome["issue"][0]["diagnostics"]


def test_pages_keep_what_was_asked(fhir: Fhir) -> None:
    url: str | None = "/r4/Patient/p1/$everything?_type=Observation&_count=2&_elements=subject"
    seen = []
    while url:
        bundle = fhir.get(url)
        seen += ids(bundle)
        assert bundle["total"] == 3
        assert all("effectiveDateTime" not in e["resource"] for e in bundle["entry"])
        url = link(bundle, "next")
    assert seen == ["o1", "o2", "o3"]


def test_only_the_number(fhir: Fhir) -> None:
    bundle = fhir.get("/r4/Patient/p1/$everything?_summary=count")
    assert (bundle["total"], bundle["entry"]) == (6, [])


def test_by_post(fhir: Fhir) -> None:
    parameter = [
        {"name": "start", "valueDate": "2027"},
        {"name": "_type", "valueCode": "Encounter"},
    ]
    body = {"resourceType": "Parameters", "parameter": parameter}
    assert ids(fhir.post("/r4/Patient/p1/$everything", body)) == ["e2"]
    assert ids(fhir.post("/r4/Patient/p1/$everything", "_type=Patient")) == ["p1"]


def test_pages_go_on_by_number(fhir: Fhir) -> None:
    first = fhir.get("/r4/Patient/p1/$everything?_count=3")
    assert (link(first, "next") or "").endswith("$everything?_count=3&_skip=3")


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_from_an_id_on_pages_stay_exact_while_data_arrives(fhir: Fhir, version: str) -> None:
    subject = {"subject": {"reference": "Patient/ev"}}
    names = [f"ev{n:02}" for n in range(15)]
    fhir.store(
        version,
        {"resourceType": "Patient", "id": "ev"},
        *(observation(name, **subject) for name in names),
        *({"resourceType": "Flag", "id": n, "status": "active", **subject} for n in names[3:6]),
    )
    expected = sorted([*names, *names[3:6]])
    seen, url = [], f"/{version}/Patient/ev/$everything?_count=4&_afterid=ev"
    while url:
        bundle = fhir.get(url)
        seen += ids(bundle)
        if len(seen) == 4:
            assert f"/{version}/Patient/ev/$everything?_count=4&_after=" in (
                link(bundle, "next") or ""
            )
            fhir.delete(f"/{version}/Observation/ev01")
            fhir.delete(f"/{version}/Observation/ev02")
            fhir.store(version, observation("aa0", **subject))
        url = link(bundle, "next") or ""
    assert seen == expected
    for odd in ("x", "WyIxIl0", "bm90", "WzEsMSwxXQ"):
        whole = fhir.get(f"/{version}/Patient/ev/$everything?_after={odd}&_count=1")
        assert ids(whole) == ["ev"]
