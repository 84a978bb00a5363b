"""Date searches: eight resources of different precision, and which of them each query matches."""

from __future__ import annotations

import pytest

from tests.fhirstore.fhir_client import Fhir, ids, observation

DATES: dict[str, dict[str, object]] = {
    "year": {"effectiveDateTime": "2026"},
    "month": {"effectiveDateTime": "2026-05"},
    "day": {"effectiveDateTime": "2026-05-10"},
    "second": {"effectiveDateTime": "2026-05-10T08:30:00Z"},
    "milli": {"effectiveDateTime": "2026-05-10T08:30:00.250+02:00"},  # 06:30 in UTC
    "period": {"effectivePeriod": {"start": "2026-05-09T12:00:00Z", "end": "2026-05-10T11:59:59Z"}},
    "open": {"effectivePeriod": {"start": "2026-05-11"}},
    "none": {},
}
ALL = "year month day second milli period open"

# The instants a value covers against those a stored date covers:
# eq contains it, ne does not, gt/lt reach beyond, ge/le also when contained, sa/eb lie wholly
# beyond, ap overlaps.
QUERIES = [
    ("2026", "year month day second milli period"),
    ("2026-05", "month day second milli period"),
    ("2026-05-10", "day second milli"),
    ("2026-05-10T08:30", "second"),
    ("2026-05-10T08:30:00Z", "second"),
    ("2026-05-10T10:30:00+02:00", "second"),
    ("2026-05-10T10:30:00 02:00", "second"),  # the plus of a query that was not encoded
    ("2026-05-10T06:30:00.250Z", "milli"),
    ("2026-05-10T06:30:00.251Z", ""),
    ("eq2026-05-10T06:30:00Z", "milli"),
    ("ne2026-05-10", "year month period open"),
    ("ne2026", "open"),
    ("gt2026-05-10", "year month open"),
    ("gt2026-05-10T08:29:59Z", "year month day second period open"),
    ("gt2026-05-10T08:30:00Z", "year month day period open"),
    ("gt2026-05-10T06:30:00.249Z", "year month day second milli period open"),
    ("gt2026-05-10T06:30:00.250Z", "year month day second period open"),
    ("ge2026-05-10", "year month day second milli open"),
    ("ge2026-05-10T08:30:00Z", "year month day second period open"),
    ("ge2026-05-10T06:30:00.250Z", "year month day second milli period open"),
    ("ge2027", "open"),
    ("lt2026-05-10", "year month period"),
    ("lt2026-05-10T08:30:00Z", "year month day milli period"),
    ("lt2026-05-10T08:30:01Z", "year month day second milli period"),
    ("le2026-05-10", "year month day second milli period"),
    ("le2026-05-10T06:30:00.250Z", "year month day milli period"),
    ("le2025", ""),
    ("sa2026-05-09", "day second milli open"),
    ("sa2026-05-10", "open"),
    ("sa2026-05-10T06:30:00.249Z", "second milli open"),
    ("eb2026-05-11", "day second milli period"),
    ("eb2026-05-10T08:30:01Z", "second milli"),
    ("eb2026-05-10T08:30:00Z", "milli"),
    ("2026-05-10,2026-05-11", "day second milli"),
]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize("query, matches", QUERIES)
def test_the_primary_date(fhir: Fhir, version: str, query: str, matches: str) -> None:
    fhir.store(version, *(observation(name, **more) for name, more in DATES.items()))
    bundle = fhir.get(f"/{version}/Observation?date={query}")
    assert sorted(ids(bundle)) == sorted(matches.split())
    assert bundle["total"] == len(matches.split())


@pytest.mark.parametrize("query, matches", QUERIES)
def test_the_primary_date_beside_a_code(fhir: Fhir, query: str, matches: str) -> None:
    coded = {"code": {"coding": [{"code": "x"}]}}
    fhir.store("r4", *(observation(name, **more, **coded) for name, more in DATES.items()))
    fhir.store("r4", observation("uncoded", effectiveDateTime="2026-05-10"))
    bundle = fhir.get(f"/r4/Observation?code=x&date={query}")
    assert sorted(ids(bundle)) == sorted(matches.split())
    assert bundle["total"] == len(matches.split())


@pytest.mark.parametrize("query, matches", QUERIES)
def test_another_date(fhir: Fhir, query: str, matches: str) -> None:
    """The same rows under a parameter that is not the type's primary date."""
    fhir.store(
        "r4",
        *(
            observation(name, **{key.replace("effective", "value"): v for key, v in more.items()})
            for name, more in DATES.items()
        ),
    )
    found = ids(fhir.get(f"/r4/Observation?value-date={query}"))
    assert sorted(found) == sorted(matches.split())


def test_a_range_of_dates(fhir: Fhir) -> None:
    fhir.store("r4", *(observation(name, **more) for name, more in DATES.items()))
    bundle = fhir.get("/r4/Observation?date=ge2026-05-10T00:00:00Z&date=lt2026-05-10T08:00:00Z")
    assert sorted(ids(bundle)) == ["day", "milli", "month", "period", "year"]


def test_about_widens_with_the_distance_from_now(fhir: Fhir) -> None:
    fhir.store(
        "r4",
        observation("near", effectiveDateTime="2000-06-01"),
        observation("far", effectiveDateTime="1990-06-01"),
    )
    assert ids(fhir.get("/r4/Observation?date=ap2001")) == ["near"]


@pytest.mark.parametrize("query", ["lt1900", "eb1900", "date=le1900"])
def test_what_has_no_date_is_in_no_range(fhir: Fhir, query: str) -> None:
    fhir.store("r4", observation("none"))
    assert fhir.get(f"/r4/Observation?date={query.removeprefix('date=')}")["total"] == 0
