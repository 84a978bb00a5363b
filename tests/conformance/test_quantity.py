"""Number and quantity searches (hl7.org/fhir/R4/search.html#number, #quantity)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.tables import REFUSED, check, observation, resource
from tests.fhirstore.fhir_client import Fhir

UCUM = "http://unitsofmeasure.org"


def measured(ident: str, value: str, **members: str) -> dict[str, Any]:
    return observation(ident, valueQuantity={"value": Decimal(value), **members})


MEASURED = [
    measured("five", "5", system=UCUM, code="mm[Hg]"),
    measured("digits", "5.40", system=UCUM, code="mm[Hg]"),
    measured("low", "5.35", unit="mm[Hg]"),
    measured("high", "5.45"),
    measured("hundred", "100", system="urn:units", code="mm[Hg]"),
    measured("minus", "-3", system=UCUM, code="kg"),
    observation("nothing"),
]
NUMBERS = {
    # the digits say how exactly
    "5": "five digits low high",
    "5.4": "digits low",
    "5.40": "digits",
    "5.400": "digits",
    "5.35": "low",
    "5.0": "five",
    "100": "hundred",
    "-3": "minus",
    "3": "",
    "ne5.4": "five high hundred minus",
    # but not how far
    "gt5.4": "high hundred",
    "lt5.4": "five low minus",
    "ge5.40": "digits high hundred",
    "le5.4": "five digits low minus",
    "sa5.35": "digits high hundred",
    "eb5": "minus",
    "lt0": "minus",
    "ap5": "five digits low high",
    "ap105": "hundred",
    "5,-3": "five digits low high minus",
    # units
    f"5.4|{UCUM}|mm[Hg]": "digits",
    "5.4||mm[Hg]": "digits low",
    f"5|{UCUM}|kg": "",
    "100|urn:units|mm[Hg]": "hundred",
    f"gt5|{UCUM}|mm[Hg]": "digits",
    f"lt0|{UCUM}|kg": "minus",
}
UNREADABLE = ["heavy", "5|kg", "5.4.3", "NaN", "gt", "5 kg", f"|{UCUM}|kg"]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_quantities(fhir: Fhir, version: str) -> None:
    table = {f"value-quantity={query}": matches for query, matches in NUMBERS.items()}
    table |= {f"value-quantity={query}": REFUSED for query in UNREADABLE}
    table["value-quantity:missing=true"] = "nothing"
    table["value-quantity=ge5&value-quantity=lt5.4"] = "five low"
    check(fhir, version, "Observation", MEASURED, table)


def test_numbers(fhir: Fhir) -> None:
    """A number has no unit."""
    risks = [
        resource("RiskAssessment", ident, prediction=[{"probabilityDecimal": Decimal(value)}])
        for ident, value in (("half", "0.5"), ("more", "0.54"), ("sure", "1"), ("never", "0"))
    ]
    check(
        fhir,
        "r4",
        "RiskAssessment",
        risks,
        {
            "probability=0.5": "half more",
            "probability=0.50": "half",
            "probability=1": "half more sure",
            "probability=gt0.5": "more sure",
            "probability=ge0.5": "half more sure",
            "probability=lt0.5": "never",
            "probability=ne0.5": "sure never",
            "probability=0": "never",
            "probability=0.5||x": REFUSED,
            "probability=much": REFUSED,
        },
    )


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_comparators(fhir: Fhir, version: str) -> None:
    """`<0.01` may be any number up to there."""
    mg = {"system": UCUM, "code": "mg"}
    held = [
        measured("above", "5.40", comparator=">", **mg),
        measured("from", "5.4", comparator=">=", **mg),
        measured("below", "0.01", comparator="<", **mg),
        measured("upto", "0.010", comparator="<=", **mg),
        measured("plain", "5.4", **mg),
        measured("nought", "0", **mg),
    ]
    queries = {
        "5.4": "plain",
        "0.01": "",
        "ne5.4": "above from below upto nought",
        "gt5.4": "above from",
        "ge5.4": "above from plain",
        "gt100": "above from",
        "lt5.4": "below upto nought",
        "le5.4": "above from below upto plain nought",
        "lt0": "below upto",
        "gt0": "above from below upto plain",
        "gt0.01": "above from plain",
        "ge0.01": "above from below upto plain",
        "sa5": "above from plain",
        "sa5.4": "",
        "eb0.011": "below upto nought",
        "eb0.01": "nought",
        "ap5": "above from plain",
        "ap0.011": "below upto",
        "ap7": "above from",
    }
    table = {f"value-quantity={query}": found for query, found in queries.items()}
    table |= {f"value-quantity={query}||mg": found for query, found in queries.items()}
    table |= {f"value-quantity={query}|{UCUM}|mg": found for query, found in queries.items()}
    table |= {
        f"value-quantity=gt0.0054|{UCUM}|g": "above from",
        f"value-quantity=ge0.00001|{UCUM}|g": "above from below upto plain",
        f"value-quantity=lt-1|{UCUM}|kg": "below upto",
    }
    check(fhir, version, "Observation", held, table)


def test_comparators_of_components(fhir: Fhir) -> None:
    part = {"system": UCUM, "code": "mg", "value": Decimal("5"), "comparator": ">"}
    held = [
        observation("code", code={"coding": [{"code": "a"}]}, valueQuantity=part),
        observation(
            "component", component=[{"code": {"coding": [{"code": "a"}]}, "valueQuantity": part}]
        ),
    ]
    check(
        fhir,
        "r4",
        "Observation",
        held,
        {
            "code-value-quantity=a$gt9": "code",
            "component-code-value-quantity=a$gt9": "component",
            "combo-code-value-quantity=a$gt9": "code component",
            "combo-code-value-quantity=a$lt9": "code component",
            "combo-code-value-quantity=a$lt5": "",
            "combo-code-value-quantity=a$5": "",
        },
    )


def test_a_filter_has_a_bound_on_its_values(fhir: Fhir) -> None:
    some = ",".join(str(n) for n in range(200))
    fhir.get(f"/r4/Observation?value-quantity={some}")
    told = fhir.get(f"/r4/Observation?value-quantity={some},200", expect=400)
    assert "value-quantity" in told["issue"][0]["diagnostics"]
    assert "more than 200 values" in told["issue"][0]["diagnostics"]
