"""A single search cannot keep the database busy: how many filters, how wide a chain."""

from __future__ import annotations

import pytest
from django.db import connection

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


def test_too_many_values_in_all_are_refused(fhir: Fhir) -> None:
    days = ",".join(f"ge20{n // 28 % 100:02}-01-{n % 28 + 1:02}" for n in range(1000))
    fhir.post("/r4/Observation/_search", f"date={days}")
    many = "&".join([f"date={days}"] * 10)
    refused = fhir.post("/r4/Observation/_search", many, expect=400)
    assert "too many values" in text_of(refused)


@pytest.mark.parametrize(
    "search",
    [
        "_has:Observation:has-member:" * 3 + "code=a",
        "has-member.has-member.has-member.code=a",
    ],
)
def test_steps_through_many_resources_are_not_tried_one_by_one(fhir: Fhir, search: str) -> None:
    member = [{"reference": "Observation/o1"}]
    coded = {"coding": [{"code": "a"}]}
    fhir.store("r4", *(observation(f"o{n}", hasMember=member, code=coded) for n in range(300)))
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = '10s'")
    found = fhir.get(f"/r4/Observation?{search}")
    assert found["total"] == (1 if "_has" in search else 300)


def test_only_short_statements_stay_prepared(fhir: Fhir) -> None:
    def kept() -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("select statement from pg_prepared_statements")
            return {statement for (statement,) in cursor.fetchall()}

    fhir.get("/r4/Observation?date=ge2020-03-04&code=kept")
    before = kept()
    assert any("fhir_range" in statement for statement in before)
    fhir.post("/r4/Observation/_search", f"date={','.join(['ge2020-01-01'] * 500)}")
    assert max(map(len, kept())) <= 25_000
