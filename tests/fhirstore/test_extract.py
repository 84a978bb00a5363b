"""Which rows a resource writes (fhirstore/keys.py)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhirstore import keys
from fhirstore.search.definitions import present_bits
from fhirstore.search.extract import extract
from fhirstore.search.gathered import IndexRows
from fhirstore.search.moments import microseconds, moments, period
from fhirstore.search.precision import implicit_range

LOINC, OTHER = "http://loinc.org", "urn:other"


def rows(resource: dict[str, Any], version: str = "r4") -> IndexRows:
    return extract({version: resource})


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "o"} | more


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"coding": [{"system": LOINC, "code": "A-1"}]}, {("t", "a-1"): LOINC}),
        ({"coding": [{"code": "A-1"}]}, {("t", "A-1"): ""}),
        (
            {"coding": [{"system": LOINC, "code": "A"}, {"system": OTHER, "code": "a"}]},
            {("t", "a"): LOINC, ("s", OTHER): OTHER},
        ),
        ({"coding": [{"system": LOINC}], "text": "x"}, {}),
        ({"text": "x"}, {}),
    ],
)
def test_a_concept_writes_a_row_per_code(value: Any, expected: dict[tuple[str, str], str]) -> None:
    found = rows(observation(code=value))

    for (kind, text), system in expected.items():
        key = (
            keys.token_key("Observation", "code", text)
            if kind == "t"
            else keys.system_code_key("Observation", "code", text, "A")
        )
        assert found.tokens.pop(key) == (keys.system_hash(system), 4)
    assert found.tokens == {}
    bits = present_bits("Observation")
    assert found.present == 1 << bits["code"] | 1 << bits["combo-code"]


@pytest.mark.parametrize(
    ("rtype", "member", "value", "param", "code", "system"),
    [
        ("Patient", "active", True, "active", "true", ""),
        ("Patient", "gender", "male", "gender", "MALE", ""),
        ("Patient", "identifier", [{"system": "s", "value": "V"}], "identifier", "v", "s"),
        ("Patient", "telecom", [{"system": "phone", "value": "1"}], "phone", "1", ""),
        ("Patient", "deceasedDateTime", "2020", "deceased", "true", ""),
        ("Patient", "deceasedBoolean", False, "deceased", "false", ""),
        ("Patient", "meta", {"tag": [{"system": "s", "code": "t"}]}, "_tag", "t", "s"),
        ("Patient", "meta", {"security": [{"code": "R"}]}, "_security", "r", ""),
    ],
)
@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_a_token_is_found_by_its_code(
    version: str, rtype: str, member: str, value: Any, param: str, code: str, system: str
) -> None:
    found = rows({"resourceType": rtype, "id": "p", member: value}, version)

    held = found.tokens[keys.token_key(rtype, param, code)]
    assert held == (keys.system_hash(system), keys.VERSION_BITS[version])


@pytest.mark.parametrize(
    ("reference", "targets"),
    [
        ("Patient/1", ["Patient/1"]),
        ("Patient/1/_history/2", ["Patient/1", "Patient/1/_history/2"]),
        ("https://x/Patient/1", ["https://x/Patient/1"]),
        ("#c", []),
    ],
)
def test_a_reference_writes_a_row_under_the_key_of_its_target(
    reference: str, targets: list[str]
) -> None:
    found = rows(observation(subject={"reference": reference, "identifier": {"value": "7"}}))

    param = keys.param_key("Observation", "subject")
    expected = {param ^ keys.self_key(t) for t in targets}
    expected |= {keys.token_key("Observation", "subject:identifier", "7")}
    expected |= {keys.compartment_key(t) for t in targets if t == "Patient/1"}
    assert set(found.tokens) == expected


def test_a_canonical_is_found_with_and_without_its_version() -> None:
    found = rows(
        {
            "resourceType": "Observation",
            "id": "o",
            "meta": {"profile": ["http://p|2"], "source": "http://s"},
        }
    )

    assert set(found.tokens) == {
        keys.uri_key("Observation", "_profile", "http://p|2"),
        keys.uri_key("Observation", "_profile", "http://p"),
        keys.uri_key("Observation", "_source", "http://s"),
    }


def test_a_uri_also_writes_a_string_row() -> None:
    found = rows({"resourceType": "ValueSet", "id": "v", "url": "http://X/y"})

    assert keys.uri_key("ValueSet", "url", "http://X/y") in found.tokens
    assert list(found.strings) == [(keys.param_key("ValueSet", "url"), "http://X/y", "http://X/y")]


def test_every_part_of_a_name_writes_a_string_row() -> None:
    found = rows(
        {
            "resourceType": "Patient",
            "id": "p",
            "name": [{"family": "Ångström-O'Neil", "given": ["José"]}],
        }
    )

    name = keys.param_key("Patient", "name")
    assert (name, "angstrom oneil", "Ångström-O'Neil") in found.strings
    assert (name, "jose", "José") in found.strings
    assert (
        keys.param_key("Patient", "family"),
        "angstrom oneil",
        "Ångström-O'Neil",
    ) in found.strings


def at(*parts: int) -> int:
    return microseconds(datetime(*parts, tzinfo=UTC))  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("member", "value", "lo", "hi", "has_row"),
    [
        (
            "effectiveDateTime",
            "2026-05-01T10:00:00Z",
            at(2026, 5, 1, 10),
            at(2026, 5, 1, 10, 0, 1),
            False,
        ),
        (
            "effectiveInstant",
            "2026-05-01T10:00:00.5Z",
            at(2026, 5, 1, 10, 0, 0, 500000),
            at(2026, 5, 1, 10, 0, 0, 600000),
            False,
        ),
        ("effectiveDateTime", "2026-05-01", at(2026, 5, 1), at(2026, 5, 2), True),
        ("effectivePeriod", {"start": "2026-05"}, at(2026, 5, 1), keys.MAX_MOMENT, True),
        ("effectivePeriod", {"end": "2026-05"}, keys.MIN_MOMENT, at(2026, 6, 1), True),
        (
            "effectiveTiming",
            {"event": ["2026-05-01", "2026-05-03"]},
            at(2026, 5, 1),
            at(2026, 5, 4),
            True,
        ),
    ],
)
def test_the_primary_date_has_a_row_only_where_it_is_longer_than_a_second(
    member: str, value: Any, lo: int, hi: int, has_row: bool
) -> None:
    found = rows(observation(**{member: value}))

    assert (found.lo, found.hi) == (lo, hi)
    assert list(found.ranges) == (
        [(keys.param_key("Observation", "date"), lo, hi)] if has_row else []
    )


def test_any_other_date_has_a_row() -> None:
    found = rows({"resourceType": "Condition", "id": "c", "recordedDate": "2026-05-01T10:00:00Z"})

    span = (at(2026, 5, 1, 10), at(2026, 5, 1, 10, 0, 1))
    assert list(found.ranges) == [(keys.param_key("Condition", "recorded-date"), *span)]
    assert found.lo is None


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        ("2026", at(2026, 1, 1), at(2027, 1, 1)),
        ("2024-02", at(2024, 2, 1), at(2024, 3, 1)),
        ("2026-12", at(2026, 12, 1), at(2027, 1, 1)),
        ("2026-05-01T10:00-04:00", at(2026, 5, 1, 14), at(2026, 5, 1, 14, 1)),
        ("2026-05-01T10:00:00", at(2026, 5, 1, 10), at(2026, 5, 1, 10, 0, 1)),
        ("9999-12-31", at(9999, 12, 31), keys.MAX_MOMENT),
    ],
)
def test_a_date_covers_its_precision(text: str, lo: int, hi: int) -> None:
    assert moments(text) == (lo, hi)


@pytest.mark.parametrize(
    "text", ["", "26", "2026-13", "2026-02-30", "abc", "2026-05-01T25:00:00Z", "0000"]
)
def test_what_is_no_date_has_no_range(text: str) -> None:
    assert moments(text) is None


def test_a_period_that_ends_before_it_begins_has_no_range() -> None:
    assert period("2026", "2025") is None
    assert period(None, None) is None


@pytest.mark.parametrize(
    ("literal", "lo", "hi"),
    [
        ("5.4", 5.35, 5.45),
        ("5.40", 5.395, 5.405),
        ("100", 99.5, 100.5),
        ("1e2", 50.0, 150.0),
        ("-1", -1.5, -0.5),
    ],
)
def test_a_number_covers_its_precision(literal: str, lo: float, hi: float) -> None:
    assert implicit_range(literal) == (keys.order_preserving(lo), keys.order_preserving(hi))


def test_a_quantity_writes_rows_for_any_unit_and_for_its_own() -> None:
    quantity = {
        "value": 5.4,
        "unit": "milligram",
        "system": "http://unitsofmeasure.org",
        "code": "mg",
    }
    found = rows(observation(valueQuantity=quantity))

    span = (keys.order_preserving(5.35), keys.order_preserving(5.45))
    kilograms = (keys.order_preserving(5.35e-6), keys.order_preserving(5.45e-6))
    assert set(found.ranges) == {
        (keys.param_key("Observation", "value-quantity"), *span),
        (keys.quantity_key("Observation", "value-quantity", "|mg"), *span),
        (keys.quantity_key("Observation", "value-quantity", "|milligram"), *span),
        (keys.quantity_key("Observation", "value-quantity", "=kilogram^1"), *kilograms),
    }


def test_floats_keep_their_order_as_integers() -> None:
    values = [-1e300, -2.0, -1.0, -1e-300, 0.0, 1e-300, 1.0, 2.0, 1e300]

    assert sorted(values, key=keys.order_preserving) == values


def test_row_ids_follow_the_date_and_those_without_come_first() -> None:
    early, late = keys.dated(-1_000, 5), keys.dated(0, 4)

    assert (
        keys.undated(10**12, 1)
        < 0
        <= keys.dated(-(10**14), 1)
        < early
        < late
        < keys.dated(10**14, 9)
    )
    assert keys.rid_floor(0) <= late < keys.rid_floor(1_000)


def test_values_of_three_renderings_are_joined() -> None:
    first = observation(category=[{"coding": [{"system": LOINC, "code": "a"}]}])
    last = observation(category=[{"coding": [{"system": OTHER, "code": "a"}]}])

    found = extract({"dstu2": first, "stu3": first, "r4": last})

    assert found.tokens == {
        keys.token_key("Observation", "category", "a"): (keys.system_hash(LOINC), 7),
        keys.system_code_key("Observation", "category", OTHER, "a"): (keys.system_hash(OTHER), 4),
    }


@pytest.mark.parametrize("said", [["Patient"], {}, 5, None, "Nothing"])
def test_a_contained_resource_of_no_type_is_passed_over(said: Any) -> None:
    inner = {"resourceType": said, "id": "x"}
    found = rows(observation(contained=[inner], subject={"reference": "#x"}, status="final"))

    assert keys.token_key("Observation", "status", "final") in found.tokens
