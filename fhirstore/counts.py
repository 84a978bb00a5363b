"""How much there is: numbers for people, never read from bodies; by type, owner and version from
indexes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fhirstore import database as db
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NAMES

_BY_TYPE = """
with held as (
select rtype, count(distinct fid) as resources from fhir_resource
 where owner = %(owner)s group by rtype)
select rtype, resources,
       (select max(updated) from fhir_resource r
         where r.owner = %(owner)s and r.rtype = held.rtype)
  from held order by resources desc, rtype
"""
_OF_OWNERS = """
select o.id,
       (select coalesce(sum(n), 0) from (select count(distinct r.fid) as n from fhir_resource r
         where r.owner = o.id group by r.rtype) as types),
       (select max(r.updated) from fhir_resource r where r.owner = o.id)
  from unnest(%(owners)s::bigint[]) as o(id)
"""
_BY_VERSION = """
select rtype, vers, count(distinct fid) from fhir_resource
 where owner = %(owner)s group by rtype, vers
"""
_BY_CONNECTION = """
select c, count(*) from fhir_resource, unnest(array_append(also, conn)) c
 where owner = any(%(owners)s::bigint[]) and c is not null group by c
"""


@dataclass(frozen=True, kw_only=True)
class TypeCount:
    """How many resources of a type an owner has, over all FHIR versions (what is served in several
    counts once), and when the newest of them changed.
    """

    rtype: str
    resources: int
    changed: datetime


@dataclass(frozen=True, kw_only=True)
class OwnerCount:
    """How many resources an owner has; `changed` is None where there are none."""

    resources: int = 0
    changed: datetime | None = None


def count_by_type(*, owner: int) -> list[TypeCount]:
    """An owner's resources by type, most first."""
    rows = db.cursor().execute(_BY_TYPE, {"owner": owner}).fetchall()
    return [
        TypeCount(rtype=NAMES[rtype], resources=count, changed=changed)
        for rtype, count, changed in rows
    ]


def count_by_owner(*, owners: Sequence[int]) -> dict[int, OwnerCount]:
    """The resources of each of these owners: for a page of them, in one statement."""
    rows = db.cursor().execute(_OF_OWNERS, {"owners": list(owners)}).fetchall()
    return {
        owner: OwnerCount(resources=int(count), changed=changed) for owner, count, changed in rows
    }


def count_by_connection(*, owners: Sequence[int]) -> dict[int, int]:
    """How many resources each connection of these owners has in the store, without those that have
    none; wearable data counts once."""
    return dict(db.cursor().execute(_BY_CONNECTION, {"owners": list(owners)}).fetchall())


def count_by_version(*, owner: int) -> dict[str, dict[str, int]]:
    """An owner's resources by type, most first, and FHIR version: `{"Observation": {"r4": 366}}`.
    What is served in several versions counts in each."""
    rows = db.cursor().execute(_BY_VERSION, {"owner": owner}).fetchall()
    found: dict[str, dict[str, int]] = {}
    for rtype, vers, count in rows:
        of_type = found.setdefault(NAMES[rtype], {})
        for version, bit in VERSION_BITS.items():
            if vers & bit:
                of_type[version] = of_type.get(version, 0) + count
    return dict(sorted(found.items(), key=lambda row: (-max(row[1].values()), row[0])))
