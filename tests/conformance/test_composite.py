"""Composite searches (hl7.org/fhir/R4/search.html#combining): both parts on the same element."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.tables import REFUSED, check, coded, observation, resource
from tests.fhirstore.fhir_client import Fhir

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def pressure(ident: str, high: int, low: int) -> dict[str, Any]:
    parts = [("8480-6", high), ("8462-4", low)]
    return observation(
        ident,
        code=coded(f"{LOINC}|85354-9"),
        component=[
            {
                "code": coded(f"{LOINC}|{code}"),
                "valueQuantity": {"value": Decimal(value), "system": UCUM, "code": "mm[Hg]"},
            }
            for code, value in parts
        ],
    )


RESOURCES = [
    pressure("healthy", 120, 80),
    pressure("high", 160, 95),
    pressure("swapped", 80, 120),
    observation(
        "weight",
        code=coded(f"{LOINC}|29463-7", "weight"),
        valueQuantity={"value": Decimal("72.5"), "system": UCUM, "code": "kg"},
    ),
    observation("said", code=coded("8480-6"), valueCodeableConcept=coded("urn:x|high")),
    observation(
        "sampled",
        code=coded("9999-9"),
        valueSampledData={
            "origin": {"value": Decimal(5), "system": UCUM, "code": "kg"},
            "period": Decimal(10),
            "dimensions": 1,
            "data": "1 2",
        },
    ),
    observation("coded", code=coded("7777-7"), valueCodeableConcept={"text": "High"}),
    observation("worded", code=coded("8480-6"), valueString="Quite high"),
]


@pytest.mark.parametrize("version", ["stu3", "r4"])
def test_composites(fhir: Fhir, version: str) -> None:
    component, combo = "component-code-value-quantity", "combo-code-value-quantity"
    check(
        fhir,
        version,
        "Observation",
        RESOURCES,
        {
            f"{component}=8480-6$gt140": "high",
            # The definition's part is a Quantity, whatever else `value-quantity` looks at.
            "code-value-quantity=9999-9$gt1": "",
            f"{combo}=9999-9$gt1": "",
            f"{component}=8480-6$120": "healthy",
            f"{component}=8462-4$120": "swapped",
            f"{component}={LOINC}|8480-6$lt100": "swapped",
            f"{component}=8480-6$160|{UCUM}|mm[Hg]": "high",
            f"{component}=8480-6$160||kg": "",
            f"{component}=8480-6$gt140,8462-4$gt100": "high swapped",
            f"{component}=8480-6$ge120&{component}=8462-4$lt90": "healthy",
            "code-value-quantity=29463-7$gt70": "weight",
            "code-value-quantity=weight$72.5||kg": "weight",
            "code-value-quantity=8480-6$120": "",
            f"{combo}=8480-6$gt140": "high",
            f"{combo}=29463-7$lt80": "weight",
            f"{combo}=85354-9$120": "",
            "code-value-concept=8480-6$high": "said",
            "code-value-concept=8480-6$urn:x|high": "said",
            "code-value-concept=8480-6$low": "",
            # system|: any code of it, in the component that has the other part
            f"{component}={LOINC}|$gt140": "high",
            f"{component}={LOINC}|$lt85": "healthy swapped",
            f"{component}={LOINC}|$gt140,8480-6$80": "high swapped",
            f"{component}=urn:none|$gt1": "",
            "code-value-concept=8480-6$urn:x|": "said",
            "code-value-concept=8480-6$urn:y|": "",
            f"code-value-concept={LOINC}|$high": "",
            f"code-value-quantity={LOINC}|$gt1": "weight",
            f"{combo}={LOINC}|$gt100": "healthy high swapped",
            f"{combo}={LOINC}|$lt75": "weight",
            f"{component}=8480-6": REFUSED,
            f"{component}=8480-6$much": REFUSED,
            f"{component}=8480-6$1$2": REFUSED,
        },
    )


@pytest.mark.parametrize("version", ["stu3", "r4"])
def test_a_system_whose_codes_are_compared_themselves(fhir: Fhir, version: str) -> None:
    def asked(ident: str, code: str, *values: str) -> dict[str, Any]:
        answer = {"code": coded(code), "valueCodeableConcept": coded(*values)}
        return observation(ident, component=[answer, {"code": coded("urn:q|other")}])

    check(
        fhir,
        version,
        "Observation",
        [
            asked("one", "urn:q|Smokes", "urn:a|Yes", "urn:b|y"),
            asked("two", "urn:q|smokes", "urn:b|no"),
            asked("three", "urn:p|smokes", "urn:a|a,b|c"),
            asked("four", "smokes", "yes"),
        ],
        {
            "component-code-value-concept=smokes$urn:a|": "one three",
            "component-code-value-concept=urn:q|$urn:b|": "one two",
            "component-code-value-concept=urn:q|$yes": "one",
            "component-code-value-concept=urn:p|$urn:b|": "",
            "component-code-value-concept=urn:q|smokes$urn:b|,urn:p|$urn:a|": "one two three",
            "component-code-value-concept=other$urn:a|": "",
        },
    )


def test_a_code_and_a_text(fhir: Fhir) -> None:
    check(
        fhir,
        "r4",
        "Observation",
        RESOURCES,
        {
            "code-value-string=8480-6$quite": "worded",
            "code-value-string=8480-6$high": "",
            "code-value-string=7777-7$high": "",
            "code-value-string=weight$quite": "",
        },
    )


def test_composites_of_repeating_elements_elsewhere(fhir: Fhir) -> None:
    def context(code: str, focus: str) -> dict[str, Any]:
        return {"code": {"code": code}, "valueCodeableConcept": coded(focus)}

    check(
        fhir,
        "r4",
        "ValueSet",
        [
            resource("ValueSet", "a", useContext=[context("focus", "x"), context("venue", "y")]),
            resource("ValueSet", "b", useContext=[context("focus", "y"), context("venue", "x")]),
        ],
        {
            "context-type-value=focus$x": "a",
            "context-type-value=focus$y": "b",
            "context-type-value=focus$x,focus$y": "a b",
            "context-type-value=venue$z": "",
        },
    )
