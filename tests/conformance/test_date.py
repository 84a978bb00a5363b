"""Date searches (hl7.org/fhir/R4/search.html#date): all prefixes over all precisions."""

from __future__ import annotations

import pytest

from tests.conformance.tables import REFUSED, check, observation, resource
from tests.fhirstore.fhir_client import Fhir

DATED = [
    observation("year", effectiveDateTime="2018"),
    observation("month", effectiveDateTime="2018-05"),
    observation("day", effectiveDateTime="2018-05-10"),
    observation("minute", effectiveDateTime="2018-05-10T08:30Z"),
    observation("second", effectiveDateTime="2018-05-10T08:30:00Z"),
    observation("east", effectiveDateTime="2018-05-11T01:00:00+03:00"),  # the 10th, 22:00
    observation("west", effectiveDateTime="2018-05-09T22:00:00-05:00"),  # the 10th, 03:00
    observation("tenth", effectiveDateTime="2018-05-10T08:30:00.5Z"),
    observation("milli", effectiveDateTime="2018-05-10T08:30:00.500Z"),
    observation("period", effectivePeriod={"start": "2018-05-10", "end": "2018-05-11"}),
    observation("since", effectivePeriod={"start": "2018-05-10T08:30:00Z"}),
    observation("until", effectivePeriod={"end": "2018-05-10"}),
    observation("undated"),
]
POINTS = "minute second east west tenth milli"
QUERIES = {
    # eq: the value asked for contains the one stored
    "2018": f"year month day {POINTS} period",
    "2018-05": f"month day {POINTS} period",
    "2018-05-10": f"day {POINTS}",
    "eq2018-05-10": f"day {POINTS}",
    "2018-05-10T08:30Z": "minute second tenth milli",
    "2018-05-10T08:30:00Z": "second tenth milli",
    "2018-05-10T08:30:00.5Z": "tenth milli",
    "2018-05-10T08:30:00.500Z": "milli",
    "2018-05-11T01:00:00+03:00": "east",
    "2018-05-10T22:00:00Z": "east",
    "2018-05-09": "",
    "2018-05-10,2017": f"day {POINTS}",
    # ne: it does not
    "ne2018-05-10": "year month period since until",
    "ne2018": "since until",
    # gt, lt: some of the stored lies beyond
    "gt2018-05-10": "year month period since",
    "lt2018-05-10": "year month until",
    "gt2018-05-10T08:30:00Z": "year month day minute east period since until",
    "lt2018-05-10T08:30:00Z": "year month day west period until",
    "gt2018": "since",
    "lt2018": "until",
    # ge, le: or it is contained
    "ge2018-05-10": f"year month day {POINTS} period since",
    "le2018-05-10": f"year month day {POINTS} until",
    "ge2018-05-10T08:30:00Z": ("year month day minute second east tenth milli period since until"),
    "le2018-05-10T08:30:00Z": ("year month day second west tenth milli period until"),
    "ge2019": "since",
    "le2017": "until",
    # sa, eb: all of it lies beyond
    "sa2018-05-09": f"day {POINTS} period since",
    "sa2018-05-10": "",
    "sa2018-05-10T08:30:00Z": "east",
    "eb2018-05-11": f"day {POINTS} until",
    "eb2018-05-10T08:30:00Z": "west",
    "eb2018": "",
    # ap: they overlap, the value widened by a tenth of its distance from now
    "ap2018-05-10": f"year month day {POINTS} period since until",
    "ap1990": "until",
}
UNREADABLE = ["abc", "2018-13", "2018-05-32", "2018-5-1", "xx2018", "ge", "2018-05-10T25:00Z"]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_prefixes(fhir: Fhir, version: str) -> None:
    table = {f"date={query}": matches for query, matches in QUERIES.items()}
    table |= {f"date={query}": REFUSED for query in UNREADABLE}
    table |= {
        "date:missing=true": "undated",
        "date:exact=2018": REFUSED,
        "date=ge2018-05-10&date=lt2018-05-11": f"year month day {POINTS} period since",
        "date=sa2018-05-09&date=eb2018-05-11": f"day {POINTS}",
    }
    check(fhir, version, "Observation", DATED, table)


@pytest.mark.parametrize("version", ["stu3", "r4"])
def test_prefixes_of_a_date_that_is_not_the_types_first(fhir: Fhir, version: str) -> None:
    """The same values under another parameter, which is indexed another way."""
    moved = [
        {name.replace("effective", "value"): value for name, value in stored.items()}
        for stored in DATED
    ]
    table = {f"value-date={query}": matches for query, matches in QUERIES.items()}
    check(fhir, version, "Observation", moved, table)


def test_timings(fhir: Fhir) -> None:
    """Only the outer limits count."""
    events = {"event": ["2018-05-01", "2018-05-20T12:00:00Z"]}
    bounds = {"repeat": {"boundsPeriod": {"start": "2018-04-01", "end": "2018-04-30"}}}
    check(
        fhir,
        "r4",
        "Observation",
        [
            observation("events", effectiveTiming=events),
            observation("bounds", effectiveTiming=bounds),
        ],
        {
            "date=2018-05": "events",
            "date=2018-05-01": "",
            "date=2018-04": "bounds",
            "date=gt2018-05-20": "",
            "date=gt2018-05-19": "events",
            "date=sa2018-03": "events bounds",
            "date=2018": "events bounds",
        },
    )


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_days(fhir: Fhir, version: str) -> None:
    people = [
        resource("Patient", "day", birthDate="1945-03-24"),
        resource("Patient", "month", birthDate="1945-03"),
        resource("Patient", "leap", birthDate="1948-02-29"),
        resource("Patient", "unborn"),
    ]
    check(
        fhir,
        version,
        "Patient",
        people,
        {
            "birthdate=1945-03-24": "day",
            "birthdate=1945-03": "day month",
            "birthdate=1948-02-29": "leap",
            "birthdate=1945-02-29": REFUSED,
            "birthdate=lt1946": "day month",
            "birthdate=ge1945-03-24": "day month leap",
            "birthdate=gt1945-03-24": "month leap",
            "birthdate=sa1945-03-24": "leap",
            "birthdate=ne1945-03-24": "month leap",
            "birthdate=1945-03-24,1948": "day leap",
        },
    )
