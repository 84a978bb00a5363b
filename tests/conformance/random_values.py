"""Values of each data type for random resources, and values to ask for: few, so that they meet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from hypothesis import strategies as st

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
SYSTEMS = [LOINC, SNOMED]
CODES = ["a", "B", "b", "8310-5", "x,y|z$w\\"]
TEXTS = [
    "Anna",
    "anna maria",
    "Müller",
    "Muller-Lüdenscheidt",
    "O'Brien",
    "x, y | z $ w \\",
    "Straße 5",
]
DATES = ["2017", "2018", "2018-05", "2018-05-01", "2018-05-02", "2018-12-31", "1945-03"]
MOMENTS = [
    "2018-05-01T00:00:00Z",
    "2018-05-01T12:30:00+02:00",
    "2018-05-01T10:30:00.5Z",
    "2018-05-01T10:30:00.001Z",
    "2018-05-01T23:59:59-05:00",
    "2018-05-02T01:00:00.123456+14:00",
]
NUMBERS = [
    "0.005",
    "5000",
    "5",
    "5.0",
    "5.40",
    "5.4",
    "5.44",
    "5.45",
    "100",
    "-3",
    "0",
    "0.5",
    "99.6",
    "4.995",
]
UNITS = ["kg", "g", "mm[Hg]", "mg"]
URIS = [
    "http://example.org/vs",
    "http://example.org/vs/1",
    "http://example.org/vs/1/2",
    "http://example.org/VS/1",
    "http://example.org/vs2",
    "urn:oid:1.2.3",
]
CANONICALS = [uri + said for uri in URIS[:3] for said in ("", "|a", "|B")]
BASE = settings.PUBLIC_BASE_URL
ELSEWHERE = "https://other.example/fhir/Patient/1"
IDS = ["1", "2", "10", "A-b", "a.b", "Z"]

codes, texts, dates = map(st.sampled_from, (CODES, TEXTS, DATES + MOMENTS))
numbers = st.sampled_from(NUMBERS).map(Decimal)
systems = st.sampled_from([None, *SYSTEMS])


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def record(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object; members that are None are left out."""
    return st.fixed_dictionaries(members).map(_without_none)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


coding = record(system=systems, code=codes, display=maybe(texts))
concept = st.one_of(
    record(coding=st.lists(coding, min_size=1, max_size=2)),
    record(coding=st.lists(coding, min_size=1, max_size=2), text=texts),
    record(text=texts),
)
_typed = record(coding=st.lists(coding, min_size=1, max_size=1), text=maybe(texts))
identifier = record(system=systems, value=codes, type=maybe(_typed))
contact = record(system=st.sampled_from([None, "phone", "email"]), value=codes)
_names = st.lists(texts, min_size=1, max_size=2)
address = record(line=maybe(_names), city=maybe(texts), country=maybe(texts)).filter(bool)
quantity = st.one_of(
    record(value=numbers, system=st.just(UCUM), code=st.sampled_from(UNITS)),
    record(
        value=numbers,
        comparator=st.sampled_from(["<", "<=", ">", ">="]),
        system=st.just(UCUM),
        code=st.sampled_from(UNITS),
    ),
    record(value=numbers, unit=st.sampled_from(UNITS)),
    record(value=numbers),
)


def _ends(units: dict[str, str]) -> st.SearchStrategy[dict[str, Any]]:
    end = numbers.map(lambda number: {"value": number, **units})
    return record(low=maybe(end), high=maybe(end)).filter(bool)


_ucum = st.sampled_from(UNITS).map(lambda unit: {"system": UCUM, "code": unit})
span = (_ucum | st.just({})).flatmap(_ends) | record(low=maybe(quantity), high=quantity)
samples = record(
    origin=quantity,
    period=st.just(Decimal(10)),
    factor=maybe(st.sampled_from([Decimal("0.5"), Decimal(2), Decimal(-1)])),
    dimensions=st.just(1),
    data=st.lists(st.sampled_from([*NUMBERS, "E", "L"]), max_size=4)
    .map(" ".join)
    .map("1 {}".format),
)


def _in_order(period: dict[str, Any]) -> bool:
    return bool(period) and ("start" not in period or "end" not in period or _before(period))


def _before(period: dict[str, Any]) -> bool:
    return str(period["start"]) <= str(period["end"])[: len(str(period["start"]))]


_plain_dates = st.sampled_from(DATES)
period = record(start=maybe(_plain_dates), end=maybe(_plain_dates)).filter(_in_order)
timing = record(event=st.lists(dates, min_size=1, max_size=2)) | record(
    repeat=record(boundsPeriod=period)
)


def human_name(version: str) -> st.SearchStrategy[dict[str, Any]]:
    """A HumanName; DSTU2's family repeats."""
    family = _names if version == "dstu2" else texts
    return record(family=maybe(family), given=maybe(_names), text=maybe(texts)).filter(bool)


def reference(version: str, targets: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A Reference to one of the types, here or elsewhere."""
    kinds = st.sampled_from(targets)
    here = st.builds("{}/{}".format, kinds, st.sampled_from(IDS))
    versioned = here.map("{}/_history/3".format)
    other = ELSEWHERE if "Patient" in targets else "#inside"
    elsewhere = st.sampled_from([other, "#inside"])
    absolute = here.map(f"{BASE}/fhir/{version}/{{}}".format)
    text = st.one_of(here, here, here, here, versioned, absolute, elsewhere)
    plain = record(reference=text)
    return st.one_of(
        plain,
        plain,
        plain,
        record(reference=text, identifier=identifier),
        record(identifier=identifier),
        record(display=texts),
    )


def of_kind(kind: str, version: str, targets: list[str]) -> st.SearchStrategy[Any]:
    """Values of a data type."""
    match kind:
        case "CodeableConcept":
            return concept
        case "Coding":
            return coding
        case "code":
            return codes
        case "boolean":
            return st.booleans()
        case "Identifier":
            return identifier
        case "ContactPoint":
            return contact
        case "HumanName":
            return human_name(version)
        case "Address":
            return address
        case "string":
            return texts
        case "date":
            return _plain_dates
        case "dateTime":
            return dates
        case "instant":
            return st.sampled_from(MOMENTS)
        case "Period":
            return period
        case "Timing":
            return timing
        case "Quantity":
            return quantity
        case "Range":
            return span
        case "SampledData":
            return samples
        case "decimal":
            return numbers
        case "canonical":
            return st.sampled_from(CANONICALS)
        case "uri":
            return st.sampled_from(CANONICALS if targets else URIS)
    assert kind == "Reference", kind
    return reference(version, targets)
