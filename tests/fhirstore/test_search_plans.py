"""How PostgreSQL answers: no query reads a whole table, none reads another owner's rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from fhirstore.keys import VERSION_BITS, reference_key
from fhirstore.rtypes import NUMBERS
from fhirstore.search import includes
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.owners import Owners
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import SearchRequest, Within, parse, parse_system, read_pairs
from fhirstore.search.statement import Page, Statement, search
from fhirstore.writes import put_many
from tests.fhirstore import plans
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
    "code:text=x",
    "code=http://loinc.org|,c1",
    "_tag:missing=false",
    "_profile:below=http://example.org/",
    "_text=ill",
    "_content=ill",
    "_list=l",
    "_has:DiagnosticReport:result:status=final",
    "subject:Patient._has:Observation:patient:code=c1",
    "code-value-quantity=c1$gt5|http://unitsofmeasure.org|g",
    "code-value-string=c1$ill",
    "combo-code-value-quantity=c1$gt5",
    "component-code-value-concept=c1$x,c2$http://loinc.org|y",
    "identifier:of-type=urn:s|MR|1",
    "status:in=http://hl7.org/fhir/ValueSet/observation-status",
    "code=c1&_sort=-date",
    "_sort=-date",
    "_sort=date",
    "code=c1&_sort=date",
    "_sort=_lastUpdated",
    "_sort=-value-string,date,value-quantity",
    "code=c1&_sort=status,-subject",
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
@pytest.mark.parametrize("many_matches", [None, False, True])
@pytest.mark.parametrize("owners", WHOSE)
@pytest.mark.parametrize("query", QUERIES)
def test_every_plan_begins_with_the_owner(
    many: None, query: str, owners: Owners, many_matches: bool | None
) -> None:
    request = parse(version="r4", rtype="Observation", pairs=read_pairs(query), strict=True)
    made = _statement(request, owners, many_matches)
    plans.check(made)


@pytest.mark.django_db
@pytest.mark.parametrize("owners", WHOSE)
@pytest.mark.parametrize(
    "query", ["", "_lastUpdated=ge2026-01-01", "_sort=_lastUpdated", "_tag=x&_sort=_type,-_id"]
)
@pytest.mark.parametrize("within", [None, Within(compartment="Patient", fid="p")])
def test_neither_do_searches_of_several_types(
    many: None, query: str, owners: Owners, within: Within | None
) -> None:
    request = parse_system(
        version="r4",
        rtypes=["Condition", "Observation", "Patient"],
        pairs=read_pairs(query),
        strict=True,
        within=within,
    )
    plans.check(_statement(request, owners, None))


@pytest.mark.django_db
@pytest.mark.parametrize("owners", WHOSE)
def test_neither_does_what_comes_along(many: None, owners: Owners) -> None:
    owner, scope = FIRST_OWNER + 7, _scope(owners)
    patient, one = NUMBERS["Patient"], NUMBERS["Observation"]
    names = [(owner, one, f"o{n:04d}") for n in range(50)] + [(owner, patient, "p")]
    plans.check(includes.named(scope, names, 100))
    keys = [
        (owner, reference_key("Observation", param, f"Patient/p{n}"), one)
        for param in ("subject", "performer")
        for n in range(50)
    ]
    plans.check(includes.referring(scope, keys, 100))


def _scope(owners: Owners) -> Scope:
    return Scope(
        owners=owners,
        version="r4",
        bit=VERSION_BITS["r4"],
        rtype="Observation",
        number=NUMBERS["Observation"],
        now_microseconds=0,
        base="",
    )


def _statement(request: SearchRequest, owners: Owners, many_matches: bool | None) -> Statement:
    scope = _scope(owners)
    binder = Binder()
    wanted = Page(
        sort=request.sort,
        limit=11,
        offset=request.skip or 0,
        counted="accurate",
        many=many_matches,
        mixed=not request.rtype,
    )
    return search(compile_parts(request, scope, binder), wanted, binder)
