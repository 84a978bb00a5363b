"""How PostgreSQL answers: no query reads a whole table, none reads another owner's rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search import statement
from fhirstore.search.compile import compile_search
from fhirstore.search.condition import Scope
from fhirstore.search.owners import Owners
from fhirstore.search.request import parse, read_pairs
from fhirstore.writes import put_many
from tests.fhirstore.fhir_client import observation

FIRST_OWNER, OWNERS, EACH = 900_000_000, 40, 250
NOW = datetime(2026, 11, 24, tzinfo=UTC)
pytestmark = pytest.mark.xdist_group("plans")
INDEX_TABLES = ("fhir_resource", "fhir_token", "fhir_range", "fhir_string")


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Ten thousand Observations of forty owners."""
    with django_db_blocker.unblock():
        try:
            for owner in range(FIRST_OWNER, FIRST_OWNER + OWNERS):
                put_many(owner=owner, version="r4", resources=map(_one, range(EACH)), now=NOW)
            with connection.cursor() as cursor:
                for table in INDEX_TABLES:
                    cursor.execute(f"vacuum analyze {table}")
            yield
        finally:
            with connection.cursor() as cursor:
                for table in (*INDEX_TABLES, "fhir_owner", "fhir_history", "fhir_outbox"):
                    cursor.execute(f"delete from {table} where owner >= {FIRST_OWNER}")


def _one(n: int) -> dict[str, Any]:
    return observation(
        f"o{n:04d}",
        subject={"reference": "Patient/p"},
        code={"coding": [{"system": "http://loinc.org", "code": f"c{n % 5}"}], "text": "x"},
        effectiveDateTime=f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}T08:00:00Z",
        valueQuantity={"value": n, "code": "kg", "system": "http://unitsofmeasure.org"},
        valueString="ill",
    )


QUERIES = (
    "",
    "code=c1",
    "code=http://loinc.org|c1",
    "code=http://loinc.org|",
    "code:not=c1",
    "code=c1&date=ge2026-06-01",
    "date=ge2026-06-01&date=lt2026-07-01",
    "code=c1&subject=p&status=final",
    "code=c1,c2",
    "value-quantity=gt100",
    "value-string=il",
    "_id=o0001,o0002",
    "_lastUpdated=ge2026-01-01",
    "code=c1&_sort=-date",
    "_sort=-date",
    "_sort=_lastUpdated",
    "code:missing=true",
    "code=c1&_skip=20",
    "patient.gender=female",
    "code=c1&subject:Patient.name=x",
)


WHOSE = (
    Owners(numbers=(FIRST_OWNER + 7,)),
    Owners(numbers=(FIRST_OWNER + 7, FIRST_OWNER + 8), merged=True),
    Owners(numbers=(FIRST_OWNER + 7,), seen=[(FIRST_OWNER + 8, "p"), (FIRST_OWNER + 9, "p")]),
)


@pytest.mark.django_db
@pytest.mark.parametrize("walked", [False, True])
@pytest.mark.parametrize("owners", WHOSE)
@pytest.mark.parametrize("query", QUERIES)
def test_every_plan_begins_with_the_owner(
    many: None, query: str, owners: Owners, walked: bool
) -> None:
    request = parse(version="r4", rtype="Observation", pairs=read_pairs(query), strict=True)
    scope = Scope(
        owners=owners,
        version="r4",
        bit=VERSION_BITS["r4"],
        rtype="Observation",
        number=NUMBERS["Observation"],
        now_microseconds=0,
        base="",
    )
    plan = compile_search(request, scope)
    wanted = statement.Page(sort=request.sort, limit=11, offset=request.skip or 0)
    for made in (statement.total(plan), statement.page(plan, wanted, many=walked)):
        for node in _nodes(made):
            assert node["Node Type"] != "Seq Scan", made.sql
            if node.get("Relation Name") in INDEX_TABLES and "Index Name" in node:
                assert "owner" in node.get("Index Cond", ""), made.sql
            if node["Node Type"] == "Bitmap Index Scan":
                assert "owner" in node.get("Index Cond", ""), made.sql


def _nodes(made: statement.Statement) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("explain (format json) " + made.sql, made.values)
        stack = [cursor.fetchone()[0][0]["Plan"]]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.get("Plans", ()))
