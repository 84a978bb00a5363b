"""A value that was clean once is not looked at again; what stands around it is."""

from __future__ import annotations

from typing import Any

from fhirstore.validation import problems

CODE = {"coding": [{"system": "http://loinc.org", "code": "1"}]}


def texts(**more: Any) -> list[str]:
    resource = {"resourceType": "Observation", "status": "final", "code": CODE, **more}
    return [f"{p.expression}: {p.text}" for p in problems("r4", resource)]


def test_the_same_value_is_clean_again_and_another_is_not() -> None:
    quantity = {"value": 1, "unit": "mg"}
    assert texts(valueQuantity=quantity) == texts(valueQuantity=quantity) == []
    assert len(texts(valueQuantity={"value": "1", "unit": "mg"})) == 1
    assert texts(valueQuantity=quantity, valueString="x") == [
        "Observation.value: only one value[x] may be given"
    ]


def test_a_clean_value_of_one_property_is_none_of_another() -> None:
    reference = {"reference": "Encounter/1"}
    assert texts(encounter=reference) == []
    assert len(texts(device=reference)) == 1
    assert len(texts(encounter=[reference])) == 1
    assert len(problems("r4", {"resourceType": "Condition", "encounter": CODE})) > 0


def test_what_refers_to_a_contained_resource_is_looked_at_each_time() -> None:
    contained = [{"resourceType": "Patient", "id": "p"}]
    assert texts(subject={"reference": "#p"}, contained=contained) == []
    assert len(texts(subject={"reference": "#p"})) == 1


def test_what_has_a_sibling_is_looked_at_each_time() -> None:
    given = ["2020-01-01T00:00:00Z", None]
    timing = {"resourceType": "Observation", "status": "final", "code": CODE}
    assert texts(effectiveTiming={"event": given[:1]}) == []
    assert len(problems("r4", {**timing, "effectiveTiming": {"event": given}})) == 1
    assert texts(category=[CODE]) == []
    assert len(texts(category=[CODE], _category=[{"id": "x"}])) == 1
