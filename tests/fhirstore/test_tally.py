"""How many resources there are is kept right, whoever writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fhirstore import database, erase, writes
from fhirstore.keys import VERSION_BITS
from fhirstore.reindex import reindex_owner
from fhirstore.rtypes import NUMBERS
from fhirstore.search.owners import Owners
from fhirstore.tally import resources
from tests.fhirstore.store import (
    ALICE,
    BOB,
    LATER,
    NOW,
    bodies,
    hospital,
    observation,
    take_in,
    wearable,
)

pytestmark = pytest.mark.django_db

DIFFERENT = """
with held as (
  select owner, rtype, vers, count(*) as resources from fhir_resource group by owner, rtype, vers)
select * from held full join fhir_tally t using (owner, rtype, vers)
where coalesce(held.resources, 0) <> coalesce(t.resources, 0)
"""


def is_right() -> bool:
    return database.cursor().execute(DIFFERENT).fetchall() == []


def told(version: str, *rtypes: str, owner: int = ALICE) -> int:
    sql = resources(
        Owners(numbers=(owner,)),
        rtypes=[NUMBERS[rtype] for rtype in rtypes],
        bit=VERSION_BITS[version],
    )
    row = database.cursor().execute(sql.encode(), {"owner": owner}).fetchone()
    assert row is not None
    return int(row[0])


def observations(*names: str, **more: Any) -> list[Any]:
    return [observation(name, **more) for name in names]


def test_what_was_stored_is_told_by_version_and_type() -> None:
    take_in(*observations("a", "b", "c"))
    take_in(*observations("a"), owner=BOB)
    assert is_right()
    assert told("dstu2", "Observation") == len(bodies()) == 3
    assert told("dstu2", "Observation", "Patient", owner=BOB) == 1
    assert told("r4", "Observation") == told("dstu2", "Patient") == 0


def test_wearables_count_in_each_version() -> None:
    day = {"resourceType": "Observation", "id": "d", "status": "final", "code": {"text": "steps"}}
    take_in(day, source=wearable())
    assert is_right()
    assert [told(version, "Observation") for version in VERSION_BITS] == [1, 1, 1]


def _changed() -> None:
    take_in(*observations("a", status="amended"), now=LATER)


def _brought_by_another() -> None:
    take_in(*observations("a"), source=hospital(connection=8), now=LATER)


def _deleted() -> None:
    fid = next(iter(bodies())).partition("/")[2]
    writes.delete(owner=ALICE, version="dstu2", rtype="Observation", fid=fid, now=LATER)


def _reindexed() -> None:
    reindex_owner(owner=ALICE, now=LATER)


def _connection_gone() -> None:
    erase.erase_connection(owner=ALICE, connection=7)


def _version_purged() -> None:
    erase.erase_owner(owner=ALICE, version="dstu2", before=NOW + timedelta(days=1))


def _owner_purged() -> None:
    erase.erase_owner(owner=ALICE)
    assert (
        database.cursor().execute("select 1 from fhir_tally where owner = %s", (ALICE,)).fetchall()
        == []
    )


def _visible_elsewhere() -> None:
    database.cursor().execute("update fhir_resource set vers = 4 where owner = %s", (ALICE,))
    assert told("r4", "Observation") == 3


def _truncated() -> None:
    database.cursor().execute("truncate fhir_resource")


@pytest.mark.parametrize(
    ("happens", "left"),
    [
        (_changed, 3),
        (_brought_by_another, 3),
        (_deleted, 2),
        (_reindexed, 3),
        (_connection_gone, 0),
        (_version_purged, 0),
        (_owner_purged, 0),
        (_visible_elsewhere, 0),
        (_truncated, 0),
    ],
)
def test_it_stays_right(happens: Callable[[], None], left: int) -> None:
    take_in(*observations("a", "b", "c"))
    happens()
    assert is_right()
    assert told("dstu2", "Observation") == left
