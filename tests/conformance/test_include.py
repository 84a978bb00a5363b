"""`_include` and `_revinclude` (hl7.org/fhir/R4/search.html#include)."""

from __future__ import annotations

import pytest

from tests.conformance.compared import store, with_includes
from tests.conformance.tables import observation, resource
from tests.fhirstore.fhir_client import Fhir

RESOURCES = [
    resource("Organization", "o", partOf={"reference": "Organization/top"}),
    resource("Organization", "top"),
    resource("Patient", "p", managingOrganization={"reference": "Organization/o"}),
    resource("Practitioner", "d"),
    resource("Encounter", "e", status="finished", partOf={"reference": "Encounter/f"}),
    resource("Encounter", "f"),
    observation(
        "1",
        status="final",
        subject={"reference": "Patient/p"},
        performer=[{"reference": "Practitioner/d"}, {"reference": "Patient/p"}],
    ),
    observation("2", status="final", subject={"reference": "Patient/gone"}),
    observation("3", status="amended", subject={"reference": "Patient/p"}),
]
TABLE = {
    "Observation?status=final&_include=Observation:subject": "Patient/p",
    "Observation?status=final&_include=Observation:performer": "Patient/p Practitioner/d",
    "Observation?status=final&_include=Observation:performer:Practitioner": "Practitioner/d",
    "Observation?status=final&_include=Observation:subject:Group": "",
    "Observation?status=final&_include=Observation:*": "Patient/p Practitioner/d",
    "Observation?_id=2&_include=Observation:subject": "",
    "Observation?_id=1&_include=Observation:subject&_include=Patient:organization": "Patient/p",
    "Observation?_id=1&_include=Observation:subject&_include:iterate=Patient:organization": (
        "Organization/o Patient/p"
    ),
    "Observation?_id=1&_include=Observation:subject&_include:iterate=Patient:organization"
    "&_include:iterate=Organization:partof": "Organization/o Organization/top Patient/p",
    "Patient?_revinclude=Observation:subject": "Observation/1 Observation/3",
    "Patient?_revinclude=Observation:performer:Patient": "Observation/1",
    "Patient?_revinclude=Observation:patient&_include=Patient:organization": (
        "Observation/1 Observation/3 Organization/o"
    ),
    "Organization?_id=o&_revinclude=Patient:organization&_revinclude:iterate=Observation:subject": (
        "Observation/1 Observation/3 Patient/p"
    ),
    # a match is not included once more
    "Organization?_include=Organization:partof": "",
    "Encounter?status=finished&_include=Encounter:part-of": "Encounter/f",
}


@pytest.mark.parametrize("version", ["stu3", "r4"])
def test_what_comes_along(fhir: Fhir, version: str) -> None:
    world = store(fhir, version, RESOURCES)
    wrong = {}
    for query, wanted in TABLE.items():
        told, reckoned = with_includes(fhir, world, query)
        if told != wanted.split() or reckoned != wanted.split():
            wrong[query] = (told, reckoned)
    assert not wrong


@pytest.mark.parametrize(
    "query",
    ["_include=Observation:code", "_include=Observation:odd", "_revinclude=Nonsense:subject"],
)
def test_what_cannot_come_along(fhir: Fhir, query: str) -> None:
    outcome = fhir.get(f"/r4/Observation?{query}", expect=400)
    assert query.partition("=")[0] in outcome["issue"][0]["details"]["text"]
