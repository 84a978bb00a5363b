"""Chains whose steps do not exist are like any unknown parameter: ignored, left out of the links,
refused under `Prefer: handling=strict` (wire contract 12.8)."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tests.fhirstore.fhir_client import Fhir, ids, link, observation

UNKNOWN = [
    "subject:Patient.nonsense=x",
    "subject.nonsense=x",
    "patient.nonsense=x",
    "patient.=x",
    "patient._sort=name",
    "nonsense.name=x",
    "subject:Observation.name=x",
    "subject:Patient.nonsense:missing=true",
    "subject:Patient.general-practitioner.nonsense=x",
    "patient.organization.nonsense.name=x",
    "_has:DiagnosticReport:result:nonsense=x",
    "_has:DiagnosticReport:result:patient.nonsense=x",
    "patient._has:Observation:patient:nonsense=x",
]
IMPOSSIBLE = ["code.text=x", "patient.name.family=x", "subject:Odd.name=x", "patient.name:odd=x"]


@pytest.mark.parametrize("version", ["stu3", "r4"])
@pytest.mark.parametrize("query", UNKNOWN)
def test_a_step_that_does_not_exist(fhir: Fhir, version: str, query: str) -> None:
    name = query.partition("=")[0]
    fhir.store(version, observation("a"))
    path = f"/{version}/Observation?{query}"
    bundle = fhir.get(path)
    assert ids(bundle) == ["a"]
    assert name not in unquote(link(bundle, "self") or "")
    refused = fhir.get(path, prefer="handling=strict", expect=400)["issue"][0]
    assert name in refused["diagnostics"]
    assert ids(fhir.get(path, prefer="handling=lenient")) == ["a"]


@pytest.mark.parametrize("prefer", ["handling=lenient", "handling=strict"])
@pytest.mark.parametrize("query", IMPOSSIBLE)
def test_a_step_that_cannot_be_is_always_refused(fhir: Fhir, query: str, prefer: str) -> None:
    issue = fhir.get(f"/r4/Observation?{query}", prefer=prefer, expect=400)["issue"][0]
    assert issue["code"] == "value"


def test_a_step_counts_for_the_targets_where_it_is_a_reference(fhir: Fhir) -> None:
    """`context` is a reference of a Communication in STU3, and a token of a ValueSet."""
    fhir.store(
        "stu3",
        {"resourceType": "Encounter", "id": "e", "status": "finished"},
        {"resourceType": "Communication", "id": "c", "context": {"reference": "Encounter/e"}},
        {"resourceType": "Provenance", "id": "of-c", "target": [{"reference": "Communication/c"}]},
        {"resourceType": "Provenance", "id": "of-e", "target": [{"reference": "Encounter/e"}]},
    )
    query = "Provenance?target.context:Encounter.status=finished"
    assert ids(fhir.get(f"/stu3/{query}", prefer="handling=strict")) == ["of-c"]
