"""`_has` and `_list`: rows of (query, which match)."""

from __future__ import annotations

import pytest

from tests.fhirstore.fhir_client import Fhir, ids


def coded(code: str) -> dict[str, object]:
    return {"coding": [{"system": "urn:s", "code": code}]}


RESOURCES = (
    {"resourceType": "Patient", "id": "p1", "gender": "female"},
    {"resourceType": "Patient", "id": "p2", "gender": "male"},
    {"resourceType": "Patient", "id": "p3", "gender": "male"},
    {"resourceType": "Practitioner", "id": "dr", "name": [{"family": "House"}]},
    {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": coded("a"),
        "subject": {"reference": "Patient/p1"},
        "performer": [{"reference": "Practitioner/dr"}],
    },
    {
        "resourceType": "Observation",
        "id": "o2",
        "status": "amended",
        "code": coded("a"),
        "subject": {"reference": "Patient/p2"},
    },
    {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": coded("report"),
        "result": [{"reference": "Observation/o2"}],
    },
    {
        "resourceType": "List",
        "id": "l1",
        "entry": [
            {"item": {"reference": "Patient/p1"}},
            {"item": {"reference": "Observation/o1"}},
            {"item": {"reference": "Patient/p3"}},
        ],
    },
)


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize(
    "rtype, query, matches",
    [
        ("Patient", "_has:Observation:patient:code=a", "p1 p2"),
        ("Patient", "_has:Observation:subject:code=urn:s|a", "p1 p2"),
        ("Patient", "_has:Observation:patient:code=b", ""),
        ("Patient", "_has:Observation:patient:status=final", "p1"),
        ("Patient", "_has:Observation:patient:status=final,amended&gender=male", "p2"),
        ("Patient", "_has:Observation:patient:status:not=final", "p2"),
        ("Patient", "_has:Observation:patient:_id=o1", "p1"),
        ("Patient", "_has:Observation:patient:performer.name=house", "p1"),
        (
            "Patient",
            "_has:Observation:patient:_has:DiagnosticReport:result:status=final",
            "p2",
        ),
        ("Observation", "_has:DiagnosticReport:result:code=report", "o2"),
        ("Observation", "patient._has:List:item:_id=l1", "o1"),
        ("Observation", "patient._has:Observation:patient:status=amended", "o2"),
        ("Patient", "_has:Observation:patient:odd=1", "p1 p2 p3"),
        ("Patient", "_has:Odd:patient:code=1", None),
        ("Patient", "_has:Observation:odd:code=1", None),
        ("Patient", "_has:Observation:status:code=1", None),
        ("Patient", "_has:Observation:patient=1", None),
        ("Practitioner", "_has:Observation:patient:code=a", None),
        ("Patient", "_has:Observation:patient:date=abc", None),
        ("Patient", "_list=l1", "p1 p3"),
        ("Patient", "_list=List/l1&gender=male", "p3"),
        ("Observation", "_list=l1", "o1"),
        ("Observation", "_list=l2", ""),
        ("Observation", "_list=l2,l1", "o1"),
        ("Observation", "patient._list=l1", "o1"),
        ("Observation", "_list=$current-problems", ""),
        ("Observation", "_list=$current-problems,l1", "o1"),
        ("Observation", "_list=$current-socks", None),
    ],
)
def test_has(fhir: Fhir, version: str, rtype: str, query: str, matches: str | None) -> None:
    fhir.store(version, *RESOURCES)
    answer = fhir.get(f"/{version}/{rtype}?{query}", expect=200 if matches is not None else 400)
    if matches is not None:
        assert sorted(ids(answer)) == matches.split()
        assert answer["total"] == len(matches.split())


def test_only_the_owners_own_resources_refer(fhir: Fhir, bobs: Fhir) -> None:
    fhir.store("r4", *RESOURCES[:4])
    bobs.store("r4", *RESOURCES)
    assert fhir.get("/r4/Patient?_has:Observation:patient:code=a")["total"] == 0
    assert fhir.get("/r4/Patient?_list=l1")["total"] == 0


def test_more_steps_than_a_search_takes(fhir: Fhir) -> None:
    query = "_has:Observation:patient:" + "_has:Observation:focus:" * 6 + "code=a"
    assert fhir.get(f"/r4/Patient?{query}", expect=400)["issue"][0]["code"] == "value"
