"""A single search cannot keep the database busy: how many filters, how wide a chain."""

from __future__ import annotations

import pytest

from fhirstore.search.request import MOST_FILTERS
from tests.fhirstore.fhir_client import Fhir, ids, observation


def text_of(outcome: dict[str, object]) -> str:
    return str(outcome["issue"])


def test_so_many_filters_and_no_more(fhir: Fhir) -> None:
    coding = [{"code": f"c{n}"} for n in range(MOST_FILTERS + 1)]
    fhir.store("r4", observation("o1", code={"coding": coding}))
    filters = [f"code=c{n}" for n in range(MOST_FILTERS + 1)]

    assert ids(fhir.get(f"/r4/Observation?{'&'.join(filters[:MOST_FILTERS])}")) == ["o1"]
    refused = fhir.get(f"/r4/Observation?{'&'.join(filters)}", expect=400)
    assert "too many filters" in text_of(refused)
    assert "too many filters" in text_of(
        fhir.post("/r4/Observation/_search", "&".join(filters), expect=400)
    )


@pytest.mark.parametrize(
    "search",
    [
        "Task?subject.subject.subject.subject.name=x",
        "Task?subject.subject.name=x",
        "Provenance?target.subject.subject.subject.name=x",
    ],
)
def test_a_chain_through_every_type_is_refused(fhir: Fhir, search: str) -> None:
    refused = fhir.get(f"/r4/{search}", expect=400)
    assert "as in subject:Patient.name" in text_of(refused)


def test_many_wide_chains_together_are_refused(fhir: Fhir) -> None:
    wide = [f"target.name=x{n}" for n in range(9)]
    assert "too many filters" in text_of(fhir.get(f"/r4/Provenance?{'&'.join(wide)}", expect=400))


@pytest.mark.parametrize(
    "search",
    [
        "Provenance?target.patient.name=x",
        "Task?subject:Patient.general-practitioner:Practitioner.name=x",
        "Observation?subject.organization.partof.partof.name=x",
    ],
)
def test_chains_that_apps_ask_for_still_work(fhir: Fhir, search: str) -> None:
    assert fhir.get(f"/r4/{search}")["total"] == 0
