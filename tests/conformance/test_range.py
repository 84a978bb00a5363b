"""Quantities that hold more than one number, a Range and sampled data: they are compared as a whole
(hl7.org/fhir/R4/search.html#prefix)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.compared import everything, store
from tests.conformance.oracle.search import search
from tests.conformance.tables import REFUSED, check, coded, observation, resource
from tests.fhirstore.fhir_client import Fhir

UCUM = "http://unitsofmeasure.org"
A, MONTHS = f"|{UCUM}|a", f"|{UCUM}|mo"


def years(value: str) -> dict[str, Any]:
    return {"value": Decimal(value), "system": UCUM, "code": "a"}


def began(ident: str, **members: Any) -> dict[str, Any]:
    return resource("Condition", ident, **members)


AGES = [
    began("forties", onsetRange={"low": years("40"), "high": years("49")}),
    began("fifty", onsetAge=years("50")),
    began("since", onsetRange={"low": years("30")}),
    began("until", onsetRange={"high": years("20")}),
    began("about", onsetRange={"low": years("44.8"), "high": years("45.2")}),
    began("months", onsetRange={"low": {"value": 1, "system": UCUM, "code": "mo"}}),
    began("bare", onsetRange={"low": {"value": 40}, "high": {"value": 49}}),
    began("mixed", onsetRange={"low": years("40"), "high": {"value": 49, "unit": "years"}}),
    began("string", onsetString="in her forties"),
]
NUMBERS = {
    "45": "about",
    "ne45": "forties fifty since until months bare mixed",
    "45.0": "",
    "50": "fifty",
    "gt49": "fifty since months",
    "ge49": "forties fifty since months bare mixed",
    "gt48.9": "forties fifty since months bare mixed",
    "lt40": "since until months",
    "le40": "forties since until months bare mixed",
    "lt44.8": "forties since until months bare mixed",
    "sa39": "forties fifty about bare mixed",
    "sa40": "fifty about",
    "eb49": "until about",
    "eb50": "forties until about bare mixed",
    "eb20": "",
    "ap50": "forties fifty since about months bare mixed",
    "ap20": "until months",
    "50,sa49": "fifty",
    "much": REFUSED,
}
UNITS = {
    f"gt49{A}": "fifty since months",
    f"le40{A}": "forties since until months",
    f"sa480{MONTHS}": "fifty about",
    f"ge588{MONTHS}": "forties fifty since months",
    f"gt0{MONTHS}": "forties fifty since until about months",
    "gt1||years": "",
    "gt1||a": "forties fifty since until about",
    f"gt1|{UCUM}|kg": "",
}


@pytest.mark.parametrize("version", ["stu3", "r4"])
@pytest.mark.parametrize("table", [NUMBERS, UNITS])
def test_a_range(fhir: Fhir, version: str, table: dict[str, str]) -> None:
    asked = {f"onset-age={value}": found for value, found in table.items()}
    asked["onset-age:missing=true"] = "string"
    check(fhir, version, "Condition", AGES, asked)


def sampled(ident: str, data: str, **more: Any) -> dict[str, Any]:
    held = {"origin": {"value": 10, "system": UCUM, "code": "kg"}, "period": 1, "dimensions": 1}
    return observation(ident, valueSampledData={**held, "data": data, **more})


def test_sampled_data(fhir: Fhir) -> None:
    """From the smallest to the largest sample, in the unit of the origin."""
    inner = sampled("c", "90")["valueSampledData"]
    check(
        fhir,
        "r4",
        "Observation",
        [
            sampled("plain", "1 2 3"),
            sampled("factor", "1 2 3", factor=Decimal("-0.5")),
            sampled("gaps", "E 5 U L -5"),
            sampled("nothing", "E L"),
            observation("one", valueQuantity={"value": 12, "system": UCUM, "code": "kg"}),
            observation("part", component=[{"code": coded("x"), "valueSampledData": inner}]),
        ],
        {
            "value-quantity=gt12": "plain gaps",
            "value-quantity=ge12": "plain gaps one",
            "value-quantity=12": "one",
            "value-quantity=1e1": "plain factor one",
            f"value-quantity=lt9|{UCUM}|kg": "factor gaps",
            f"value-quantity=sa10500|{UCUM}|g": "plain one",
            "value-quantity=eb9.6": "factor",
            "combo-value-quantity=gt99": "part",
            "component-value-quantity=100": "part",
        },
    )


def test_a_range_on_a_composites_element(fhir: Fhir) -> None:
    def context(code: str, low: int, high: int) -> dict[str, Any]:
        ends = {"low": {"value": low, "code": "a"}, "high": {"value": high, "code": "a"}}
        return {"code": {"code": code}, "valueRange": ends}

    check(
        fhir,
        "r4",
        "ValueSet",
        [
            resource("ValueSet", "a", useContext=[context("age", 0, 18), context("size", 90, 99)]),
            resource("ValueSet", "b", useContext=[context("age", 18, 99)]),
        ],
        {
            "context-type-quantity=age$gt20": "b",
            "context-type-quantity=age$le18": "a b",
            "context-type-quantity=size$sa50": "a",
            "context-type-quantity=age$eb50||a": "a",
            "context-quantity=gt98": "a b",
        },
    )


@pytest.mark.parametrize("order", ["onset-age", "-onset-age"])
def test_the_order(fhir: Fhir, order: str) -> None:
    """A Range by where it begins."""
    world = store(fhir, "r4", AGES)
    wanted = [r["id"] for r in search(world, "Condition", [("_sort", order)]).matches]
    assert everything(fhir, f"/r4/Condition?_sort={order}&_count=3")[0] == wanted
