"""Index rows put together from those of a resource's properties are those of the whole."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirstore import digits
from fhirstore.arriving import Arriving
from fhirstore.fragments import packed
from fhirstore.packed_rows import PackedRows, pack
from fhirstore.references import Bases, Rewritten, rewrite
from fhirstore.search.extract import extract
from tests.benchmarks.observations import observation
from tests.fhirstore.odd import RESOURCES as RESOURCES_OF_ANY_SHAPE

QUANTITY = {"value": 5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
CODED = {
    "coding": [
        {"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"},
        {"system": "urn:local", "code": "8480-6"},
    ],
    "text": "Upper",
}
ME = {"reference": "Patient/me"}


def observed(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "o", "status": "final", "subject": ME, **more}


RESOURCES: dict[str, dict[str, Any]] = {
    "components": observed(
        code=CODED,
        component=[
            {"code": CODED, "valueQuantity": QUANTITY},
            {"code": CODED, "valueString": "high"},
        ],
    ),
    "several dates": observed(effectiveDateTime="2020-01-01", effectiveInstant="2021-01-01"),
    "several dates of one": observed(
        effectivePeriod={"start": "2020-01-01", "end": "2020-02-01"},
        valuePeriod={"start": "2020-01-01"},
    ),
    "a code with two systems in two places": {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": ME,
        "code": {"coding": [{"system": "urn:a", "code": "x"}]},
        "substance": {"coding": [{"system": "urn:c", "code": "x"}]},
        "reaction": [{"substance": {"coding": [{"system": "urn:b", "code": "x"}]}}],
    },
    "the same patient twice": observed(performer=[ME], focus=[ME]),
    "meta": observed(
        meta={
            "versionId": "1",
            "lastUpdated": "2020-01-01T00:00:00Z",
            "tag": [{"system": "urn:t", "code": "a", "display": "A"}],
            "security": [{"code": "a"}],
            "profile": ["urn:p|1"],
            "source": "urn:s",
        }
    ),
    "of no expected shape": observed(
        code="x", meta=[1], effectiveDateTime=7, component={"code": [None]}, valueQuantity=[]
    ),
    "nulls": observed(code=None, performer=[None], valueQuantity={"value": None}),
    "patient": {
        "resourceType": "Patient",
        "id": "me",
        "active": True,
        "deceasedBoolean": False,
        "identifier": [{"type": CODED, "system": "urn:i", "value": "8480-6"}],
        "name": [{"family": "Oh", "given": ["A", "B"]}],
        "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "1"}],
        "address": [{"city": "x" * 2000}],
        "generalPractitioner": [{"reference": "Practitioner/p", "identifier": {"value": "9"}}],
        "link": [{"other": ME}],
    },
    "dead patient": {"resourceType": "Patient", "id": "me", "deceasedDateTime": "2020"},
    "encounter": {
        "resourceType": "Encounter",
        "id": "e",
        "period": {"start": "2020-01-01T10:00:00+02:00"},
        "patient": ME,
        "subject": ME,
        "length": QUANTITY,
        "location": [{"location": {"reference": "Location/l"}, "period": {"end": "2021"}}],
    },
    "document": {
        "resourceType": "DocumentReference",
        "id": "d",
        "relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/1"}}],
        "context": {"related": [{"ref": ME, "identifier": {"value": "8"}}]},
    },
    "value set": {"resourceType": "ValueSet", "id": "v", "url": "urn:v", "version": "1|2"},
}


def said(rows: PackedRows) -> tuple[Any, ...]:
    """All that the rows say, in an order of its own."""
    tables = map(sorted, (rows.tokens, rows.ranges, rows.strings))
    return (*tables, rows.all_keys(), rows.present, rows.lo, rows.hi)


def whole(resource: dict[str, Any], version: str = "r4") -> tuple[Any, ...]:
    return said(pack(extract({version: resource})))


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_the_rows_are_those_of_the_whole(version: str, resource: dict[str, Any]) -> None:
    for _ in range(2):  # made, and found again
        assert said(packed({version: resource})) == whole(resource, version)
    assert packed({version: resource}).all_keys() == pack(extract({version: resource})).all_keys()


def test_values_that_come_again_do_not_mix() -> None:
    for number in (*range(40), *range(40)):
        resource = digits.loads(observation(1, number))
        assert said(packed({"r4": resource})) == whole(resource)


def test_a_number_is_indexed_as_it_was_written() -> None:
    first, second = (
        digits.loads(b'{"resourceType":"Observation","valueQuantity":{"value":%s}}' % number)
        for number in (b"5.4", b"5.40")
    )
    assert said(packed({"r4": first})) != said(packed({"r4": second}))
    assert said(packed({"r4": second})) == whole(second)


@settings(max_examples=300, deadline=None)
@given(resource=RESOURCES_OF_ANY_SHAPE, version=st.sampled_from(["dstu2", "stu3", "r4"]))
def test_any_resource_is_indexed_and_rewritten_as_a_whole(
    resource: dict[str, Any], version: str
) -> None:
    def ours(rtype: str, source_id: str) -> str:
        return f"of-{source_id}"

    rewritten = Rewritten(Bases(()), ours)
    expected = deepcopy(resource)
    rewrite(expected, rewritten)
    arriving = Arriving(version, rewritten)
    for _ in range(2):  # made, and found again
        got = deepcopy(resource)
        assert said(arriving.packed(got)) == whole(expected, version)
        assert digits.dumps(got) == digits.dumps(expected)
        assert said(packed({version: deepcopy(expected)})) == whole(expected, version)


def test_what_is_looked_up_together_is_that_of_each_resource() -> None:
    """Some say the same as others before them; of some, after a while, none does."""

    def ours(rtype: str, source_id: str) -> str:
        return f"of-{source_id}"

    same = [digits.loads(observation(1, number)) for number in range(60)]
    each = [
        one | {"note": [{"text": "x"}], "code": {"text": f"{number}", **CODED}}
        for number, one in enumerate(deepcopy(same))
    ]
    together = [
        one | {"performer": [one["subject"]], "focus": [one["subject"]]} for one in deepcopy(same)
    ]
    rewritten = Rewritten(Bases(()), ours)
    arriving = Arriving("r4", rewritten)
    for resource in (*same, *RESOURCES.values(), *each, *together, *same):
        # As parsed: no two properties share an object.
        text = digits.dumps(resource)
        got, expected = digits.loads(text), digits.loads(text)
        rewrite(expected, rewritten)
        assert said(arriving.packed(got)) == whole(expected)
        assert digits.dumps(got) == digits.dumps(expected)
