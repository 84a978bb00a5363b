"""UCUM units: what equals what, in searches and by the library."""

from __future__ import annotations

from decimal import Decimal
from time import perf_counter

import pytest

from fhirstore.search.common_units import COMMON
from fhirstore.search.units import UCUM, Unit, converted, unit
from tests.fhirstore.fhir_client import Fhir, ids


def test_the_common_units_are_the_librarys() -> None:
    assert {code: converted(code) for code in COMMON} == {
        code: Unit(base, Decimal(factor)) for code, (base, factor) in COMMON.items()
    }


@pytest.mark.parametrize(
    "one, other, times",
    [
        ("kg", "g", "1000"),
        ("mg/dL", "g/L", "0.01"),
        ("mm[Hg]", "Pa", "133.322387415"),
        ("{beats}/min", "/min", "1"),
        ("{score}", "1", "1"),
        ("{a}/{b}", "1", "1"),
        ("mL/min/{1.73_m2}", "mL/min", "1"),
        ("mg{creatinine}/dL", "mg/dL", "1"),
        ("10*3/uL", "10*9/L", "1"),
        ("%", "1", "0.01"),
        ("u[iU]/mL", "m[iU]/L", "1"),
        ("[CFU]/mL", "[CFU]/L", "1000"),
        ("[stone_av]", "[lb_av]", "14"),
        ("h", "min", "60"),
    ],
)
def test_units_of_a_kind(one: str, other: str, times: str) -> None:
    first, second = unit(one), unit(other)
    assert first is not None
    assert second is not None
    assert first.base == second.base
    assert abs(first.factor / second.factor - Decimal(times)) < Decimal(times) * Decimal("1e-11")


@pytest.mark.parametrize(
    "one, other",
    [("kg", "m"), ("[iU]/L", "/L"), ("[iU]", "[arb'U]"), ("[iU]", "1"), ("mol/L", "g/L")],
)
def test_units_of_different_kinds(one: str, other: str) -> None:
    first, second = unit(one), unit(other)
    assert first is not None
    assert second is not None
    assert first.base != second.base


@pytest.mark.parametrize(
    "code", ["[pH]", "dB", "B[SPL]", "mCel", "nonsense", "((((", "m" * 5000, "%[slope]", "Np", "KG"]
)
def test_units_that_equal_only_themselves(code: str) -> None:
    assert unit(code) is None


STORED = (
    ("kilo", 70, UCUM, "kg"),
    ("gram", 70000, UCUM, "g"),
    ("other", 70, "urn:units", "kg"),
    ("warm", 37.0, UCUM, "Cel"),
    ("units", 5, UCUM, "m[iU]/L"),
    ("loud", 30, UCUM, "dB"),
    ("exact", 0.1, UCUM, "mg/dL"),
)


@pytest.mark.parametrize(
    "query, matches",
    [
        (f"70|{UCUM}|kg", "kilo gram"),
        (f"70000|{UCUM}|g", "kilo gram"),
        (f"70.0|{UCUM}|kg", "kilo gram"),
        (f"154.324|{UCUM}|[lb_av]", "kilo gram"),
        (f"154.5|{UCUM}|[lb_av]", ""),
        (f"gt69999|{UCUM}|g", "kilo gram"),
        (f"gt70|{UCUM}|kg", ""),
        (f"ge70|{UCUM}|kg", "kilo gram"),
        (f"lt70000.1|{UCUM}|g", "kilo gram"),
        (f"ne70|{UCUM}|kg", ""),
        ("70|urn:units|kg", "other"),
        ("70||kg", "kilo other"),
        ("70", "kilo other"),
        (f"98.6|{UCUM}|[degF]", "warm"),
        (f"310.15|{UCUM}|K", "warm"),
        (f"ap100|{UCUM}|[degF]", "warm"),
        (f"5|{UCUM}|u[iU]/mL", "units"),
        (f"5|{UCUM}|/L", ""),
        (f"30|{UCUM}|dB", "loud"),
        (f"3|{UCUM}|B", ""),
        (f"0.001|{UCUM}|g/L", "exact"),
        (f"gt0.1|{UCUM}|mg/dL", ""),
        (f"gt0.001|{UCUM}|g/L", ""),
        (f"ge0.001|{UCUM}|g/L", "exact"),
        (f"5|{UCUM}|nonsense", ""),
        (f"1e280|{UCUM}|10*12/L", ""),
    ],
)
def test_quantities_in_other_units(fhir: Fhir, query: str, matches: str) -> None:
    fhir.store(
        "r4",
        *(
            {
                "resourceType": "Observation",
                "id": name,
                "status": "final",
                "valueQuantity": {"value": value, "system": system, "code": code},
            }
            for name, value, system, code in STORED
        ),
    )
    found = ids(fhir.get(f"/r4/Observation?value-quantity={query}"))
    assert sorted(found) == sorted(matches.split())


@pytest.mark.parametrize(
    "code",
    ["10*99999999", "10^99999999", "10*{x}99999999", "10*9{x}9999999", "min99999999", "/h+9999999"],
)
def test_no_power_keeps_the_server_busy(code: str) -> None:
    begun = perf_counter()
    assert unit(code) is None
    assert perf_counter() - begun < 5
