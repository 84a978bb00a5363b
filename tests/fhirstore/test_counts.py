"""Counts by type, owner, version and connection: right, and but for the last read from indexes
alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fhirstore import counts, database
from fhirstore.rtypes import NUMBERS

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)
_ROW = """
insert into fhir_resource
  (owner, rid, self, updated, present, version, rtype, vers, fid, keys, body)
values (%s, %s, 0, %s, 0, 0, %s, %s, %s, '{}', '{}')
"""


def put(*, owner: int, rid: int, rtype: str, fid: str, vers: int = 4, age: int = 0) -> None:
    changed = NOW - timedelta(minutes=age)
    database.cursor().execute(_ROW, (owner, rid, changed, NUMBERS[rtype], vers, fid))


def _brought(*, owner: int, conn: int, also: list[int] | None, rtype: str) -> None:
    database.cursor().execute(
        "update fhir_resource set conn = %s, also = %s where owner = %s and rtype = %s",
        (conn, also, owner, NUMBERS[rtype]),
    )


@pytest.fixture
def two_owners() -> None:
    for number in range(3):
        put(owner=1, rid=number, rtype="Observation", fid=f"o{number}", vers=7, age=number)
    put(owner=1, rid=9, rtype="Patient", fid="p", vers=4, age=60)
    put(owner=1, rid=10, rtype="Patient", fid="p", vers=3, age=5)
    put(owner=2, rid=1, rtype="Condition", fid="c", age=7)


@pytest.mark.usefixtures("two_owners")
def test_types_come_with_the_most_first_and_one_id_counts_once() -> None:
    found = [(row.rtype, row.resources, row.changed) for row in counts.count_by_type(owner=1)]
    assert found == [
        ("Observation", 3, NOW),
        ("Patient", 1, NOW - timedelta(minutes=5)),
    ]


@pytest.mark.usefixtures("two_owners")
def test_owners_are_counted_apart_and_an_empty_one_has_nothing() -> None:
    found = counts.count_by_owner(owners=[1, 2, 3])
    assert {owner: row.resources for owner, row in found.items()} == {1: 4, 2: 1, 3: 0}
    assert found[2].changed == NOW - timedelta(minutes=7)
    assert found[3].changed is None
    assert counts.count_by_owner(owners=[]) == {}


@pytest.mark.usefixtures("two_owners")
def test_versions_are_counted_each() -> None:
    assert counts.count_by_version(owner=1) == {
        "Observation": {"dstu2": 3, "stu3": 3, "r4": 3},
        "Patient": {"dstu2": 1, "stu3": 1, "r4": 1},
    }
    assert counts.count_by_version(owner=2) == {"Condition": {"r4": 1}}


@pytest.mark.usefixtures("two_owners")
def test_connections_of_several_owners_are_counted_together() -> None:
    _brought(owner=1, conn=7, also=[8], rtype="Observation")
    _brought(owner=2, conn=9, also=None, rtype="Condition")
    assert counts.count_by_connection(owners=[1, 2, 3]) == {7: 3, 8: 3, 9: 1}
    assert counts.count_by_connection(owners=[2]) == {9: 1}
    assert counts.count_by_connection(owners=[]) == {}


_VACUUMED = """
select pg_restore_relation_stats('schemaname', current_schema()::text, 'relname', 'fhir_resource',
  'relpages', 1000, 'reltuples', 5000::real, 'relallvisible', 1000)
"""


@pytest.mark.parametrize("sql", [counts._BY_TYPE, counts._OF_OWNERS, counts._BY_VERSION])
def test_no_body_is_read(sql: str) -> None:
    """Every look at the table is at one of its indexes, once the table has been vacuumed: the
    planner is told so, whatever the tests before have left it with."""
    cursor = database.cursor()
    cursor.execute(_VACUUMED)
    cursor.execute("set local enable_seqscan = off")
    cursor.execute("set local enable_bitmapscan = off")
    asked = sql.replace("%(owner)s", "1").replace("%(owners)s", "'{1,2}'")
    plan = cursor.execute(f"explain {asked}")
    lines = [line for (line,) in plan.fetchall()]
    looks = [line for line in lines if "fhir_resource" in line and "Scan" in line]
    assert looks
    assert all("Index Only Scan" in line for line in looks), lines
