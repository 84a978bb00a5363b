"""How PostgreSQL answers the histories of a type and of everything: by what one owner has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from fhirstore.search import sight
from fhirstore.search.chronicle import Chronicle, Event, position
from fhirstore.search.condition import Scope
from fhirstore.search.definitions import types
from fhirstore.search.owners import Owners
from tests.fhirstore import plans

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ALL = sorted(types("r4"))


_ROWS = """
insert into fhir_token (owner, key, rid, sys, vers)
select n % 50, n, n, 0, 4 from generate_series(1, 2000) n;
insert into fhir_resource
  (owner, rid, self, updated, present, version, rtype, vers, fid, keys, body)
select n % 50, n, n, now(), 0, 1, 108, 4, 'f' || n, '{}', '{}' from generate_series(1, 2000) n;
insert into fhir_history (owner, rtype, vers, version, updated, fid, body)
select n % 50, 108, 4, 0, now(), 'f' || n, '{}' from generate_series(1, 2000) n;
insert into fhir_tombstone (owner, deleted, version, rtype, vers, hidden, fid)
select n % 50, now(), 1, 108, 4, false, 'g' || n from generate_series(1, 2000) n;
"""


def scope(scopes: str = "user/*.*", *, merged: bool = False) -> Scope:
    owners = Owners(numbers=(1, 2), merged=True) if merged else Owners(numbers=(1,))
    return Scope(
        owners=owners,
        version="r4",
        bit=4,
        rtype="Patient",
        number=1,
        now_microseconds=0,
        base="",
        sight=sight.sight(scopes),
    )


@pytest.mark.parametrize(
    "chronicle",
    [
        Chronicle(scope=scope(), rtypes=["Observation"]),
        Chronicle(scope=scope(), rtypes=ALL),
        Chronicle(scope=scope(), rtypes=ALL, since=NOW),
        Chronicle(scope=scope(), rtypes=["Observation"], at=(NOW, NOW + timedelta(days=1))),
        Chronicle(scope=scope(), rtypes=["Observation"], fid="f1"),
        Chronicle(scope=scope(merged=True), rtypes=ALL),
        Chronicle(scope=scope("user/Observation.rs?category=laboratory"), rtypes=ALL),
    ],
)
def test_only_the_owners_rows_are_read(db: None, chronicle: Chronicle) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS)
    plans.large()
    last = Event(owner=1, rtype="Patient", fid="p", version=3, updated=NOW, body=None)
    plans.check(chronicle.counting())
    plans.check(chronicle.paging(limit=11))
    plans.check(chronicle.paging(limit=11, after=position(last)))
