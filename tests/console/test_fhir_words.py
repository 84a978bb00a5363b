"""FHIR's datatypes in words, whatever the version."""

from __future__ import annotations

from typing import Any

import pytest

from console.explorer.columns import BY_TYPE, columns_for
from console.explorer.values import measured, moment, words
from fhirstore import digits
from fhirstore.rtypes import NUMBERS


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-11-24", "24 Nov 2026"),
        ("2026-11", "Nov 2026"),
        ("2026", "2026"),
        ("2026-11-24T10:42:07Z", "24 Nov 2026, 10:42"),
        ("2026-11-24T10:42:07.123+00:00", "24 Nov 2026, 10:42"),
        ("2026-11-24T05:42:07-05:00", "24 Nov 2026, 05:42 −05:00"),
        ("2026-11-24T00:00:00-05:00", "24 Nov 2026"),
        ({"start": "2026-11-24T00:00:00-05:00", "end": "2026-11-25"}, "24 Nov 2026"),
        ({"end": "2026-11-25"}, "25 Nov 2026"),
        ("2026-02-31", "2026-02-31"),
        ("about 1990", "about 1990"),
        (None, ""),
        (12, ""),
    ],
)
def test_moments(value: Any, told: str) -> None:
    assert moment(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"text": "Asthma", "coding": [{"code": "1"}]}, "Asthma"),
        ({"coding": [{"code": "1", "display": "One"}]}, "One"),
        ({"coding": [{"code": "1"}]}, "1"),
        ([{"text": "a"}, {"text": "b"}], "a, b"),
        ({"reference": "Patient/1"}, "Patient/1"),
        ({"given": ["Ann", "B"], "family": ["Example"]}, "Ann B Example"),
        ({"given": ["Ann"], "family": "Example"}, "Ann Example"),
        ({"value": 5, "unit": "mg"}, "5 mg"),
        (True, "yes"),
        (None, ""),
        ({}, ""),
        ([], ""),
    ],
)
def test_words(value: Any, told: str) -> None:
    assert words(value) == told


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        ('{"valueQuantity":{"value":11870,"unit":"steps"}}', ("11,870", "steps")),
        ('{"valueQuantity":{"value":6.10,"code":"mmol/L"}}', ("6.10", "mmol/L")),
        ('{"valueCodeableConcept":{"text":"positive"}}', ("positive", "")),
        ('{"valueString":"clear"}', ("clear", "")),
        ('{"valueDateTime":"2026-11-24"}', ("24 Nov 2026", "")),
        (
            '{"component":[{"valueQuantity":{"value":128,"unit":"mmHg"}},'
            '{"valueQuantity":{"value":82,"unit":"mmHg"}}]}',
            ("128\u202f/\u202f82", "mmHg"),
        ),
        ('{"dataAbsentReason":{"text":"not asked"}}', ("not asked", "")),
        ("{}", ("", "")),
    ],
)
def test_measured_values(resource: str, told: tuple[str, str]) -> None:
    assert measured(digits.loads(resource.encode())) == told


def test_columns_are_for_types_that_exist() -> None:
    assert set(BY_TYPE) <= set(NUMBERS)


@pytest.mark.parametrize("rtype", [*BY_TYPE, "Basic"])
@pytest.mark.parametrize("odd", [None, [], {}, "x", 5, [None], [[]], {"coding": "x"}, True])
def test_no_shape_breaks_a_table(rtype: str, odd: Any) -> None:
    names = ("code", "name", "component", "result", "period", "status", "content", "type", "total")
    resource = {"resourceType": rtype, **dict.fromkeys(names, odd)}
    for column in (*columns_for({rtype}), *columns_for({rtype, "Patient"})):
        text, unit = column.text(resource)
        assert isinstance(text, str)
        assert isinstance(unit, str)
