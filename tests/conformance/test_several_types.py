"""Searches of several types at once and within a compartment (hl7.org/fhir/R4/http.html#search,
compartmentdefinition.html)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.compared import world_of
from tests.conformance.oracle.search import search
from tests.conformance.oracle.world import World, name_of
from tests.conformance.tables import observation, resource
from tests.fhirstore.fhir_client import Fhir

RESOURCES = [
    resource("Patient", "1", gender="female"),
    resource("Patient", "2", meta={"tag": [{"code": "red"}]}),
    resource("Practitioner", "1", gender="female"),
    observation("1", status="final", subject={"reference": "Patient/1"}),
    observation("2", status="final", subject={"reference": "Patient/2"}),
    observation("3", status="amended", subject={"reference": "Patient/1"}),
    observation("4", status="final", performer=[{"reference": "Patient/1"}]),
    resource("List", "1", status="current", subject={"reference": "Patient/1"}),
    resource("List", "2", status="retired", meta={"tag": [{"code": "red"}]}),
]


def names(bundle: dict[str, Any]) -> list[str]:
    found = [name_of(entry["resource"]) for entry in bundle["entry"]]
    assert bundle["total"] == len(found)
    return found


def reckoned(world: World, rtypes: str, query: str) -> list[str]:
    """By id, then by type."""
    pairs = [(pair.partition("=")[0], pair.partition("=")[2]) for pair in query.split("&") if pair]
    found = [r for rtype in rtypes.split(",") for r in search(world, rtype, pairs).matches]
    return [name_of(r) for r in sorted(found, key=lambda r: (r["id"], r["resourceType"]))]


SEARCHES = [
    ("Patient,Practitioner", ""),
    ("Patient,Observation", "_id=1"),
    ("Patient,Observation,List", "_id=1,2"),
    ("Patient,List", "_tag=red"),
    ("Patient,Practitioner,Observation,List", "_lastUpdated=gt2020"),
    ("Observation,List", "status=final,current"),
    ("Patient,Practitioner", "gender=female"),
    ("Observation,List", "patient=1"),
]
COMPARTMENTS = {
    "Patient/1/Observation": "1 3 4",
    "Patient/1/Observation?status=final": "1 4",
    "Patient/1/Observation?status:not=final": "3",
    "Patient/2/Observation": "2",
    "Patient/1/List": "1",
}


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_several_types(fhir: Fhir, version: str) -> None:
    fhir.store(version, *RESOURCES)
    world = world_of(version, RESOURCES, fhir.now)
    for types, query in SEARCHES:
        path = f"/{version}?_type={types}&_count=50" + (f"&{query}" if query else "")
        assert names(fhir.get(path)) == reckoned(world, types, query), path


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_a_compartment(fhir: Fhir, version: str) -> None:
    fhir.store(version, *RESOURCES)
    for path, matches in COMPARTMENTS.items():
        found = names(fhir.get(f"/{version}/{path}"))
        assert sorted(name.partition("/")[2] for name in found) == matches.split(), path
