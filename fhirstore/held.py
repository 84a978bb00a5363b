"""What the store holds under an id, as ingest and app writes look it up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from fhirstore.database import int_array, text_array

Key = tuple[int, str]
"""(rtype, fid)."""


@dataclass(frozen=True, slots=True)
class Held:
    """A current row. `keys` and `body` are empty unless asked for. `ctid` is where it lies: good
    under the owner's lock until the row is written."""

    rtype: int
    fid: str
    vers: int
    rid: int
    version: int
    updated: datetime
    src: int | None
    hash: bytes | None
    conn: int | None
    also: list[int] | None
    ctid: str
    given: int | None
    keys: list[int]
    body: bytes

    @property
    def next(self) -> int:
        """The number of the version after this one: never one that was given before."""
        return max(self.version, self.given or 0) + 1


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted row; `version` is the number of the deletion."""

    rtype: int
    fid: str
    vers: int
    version: int
    deleted: datetime
    src: int | None
    hash: bytes | None
    conn: int | None
    hidden: bool


# "offset 0" keeps the planner from joining the other way round, by a scan of all the owner has: it
# does not know how much that is. And "order by" has it take the index by id, whatever statistics
# there are.
_LOOK = """
select w.rtype, w.fid, x.* from unnest(%(rtypes)s::smallint[], %(fids)s::text[]) as w(rtype, fid)
cross join lateral (
  select {columns} from {table} i
  where i.owner = %(owner)s and i.rtype = w.rtype and i.fid = w.fid and (i.vers & %(vers)s) <> 0
  order by i.vers offset 0) x
"""
_COLUMNS = "vers, rid, version, updated, src, hash, conn, also, ctid::text, given"
_BRIEF = _LOOK.format(columns=f"{_COLUMNS}, '{{}}'::bigint[], ''::bytea", table="fhir_resource")
_WHOLE = _LOOK.format(columns=f"{_COLUMNS}, keys, convert_to(body, 'UTF8')", table="fhir_resource")
_TOMBSTONES = _LOOK.format(
    columns="vers, version, deleted, src, hash, conn, hidden", table="fhir_tombstone"
)
_KNOWN = """
select w.rtype, w.fid, x.* from unnest(%(rtypes)s::smallint[], %(fids)s::text[]) as w(rtype, fid)
cross join lateral (
  (select src, hash, conn, also, false from fhir_resource i
  where i.owner = %(owner)s and i.rtype = w.rtype and i.fid = w.fid and (i.vers & %(vers)s) <> 0
  order by i.vers offset 0)
  union all
  (select src, hash, conn, null, true from fhir_tombstone i
  where i.owner = %(owner)s and i.rtype = w.rtype and i.fid = w.fid and (i.vers & %(vers)s) <> 0
  order by i.vers offset 0)) x
"""

Known = tuple[int | None, bytes | None, int | None, list[int] | None, bool]
"""`src`, `hash`, `conn`, `also`, and whether it is a tombstone."""


def held(
    cursor: psycopg.Cursor[Any], *, owner: int, wanted: Iterable[Key], vers: int, whole: bool
) -> dict[Key, list[Held]]:
    """The current rows of these ids that are visible in any version of `vers`; `whole` brings keys
    and body.

    Nearly always one row an id; more where a version asked for and another one hold separate
    resources."""
    found: dict[Key, list[Held]] = {}
    for row in cursor.execute(
        _WHOLE if whole else _BRIEF, _arguments(owner, wanted, vers), prepare=True
    ):
        found.setdefault((row[0], row[1]), []).append(Held(*row))
    return found


def tombstones(
    cursor: psycopg.Cursor[Any], *, owner: int, wanted: Iterable[Key], vers: int
) -> dict[Key, list[Tombstone]]:
    """The tombstones of these ids in any version of `vers`."""
    found: dict[Key, list[Tombstone]] = {}
    for row in cursor.execute(_TOMBSTONES, _arguments(owner, wanted, vers), prepare=True):
        found.setdefault((row[0], row[1]), []).append(Tombstone(*row))
    return found


def known(
    cursor: psycopg.Cursor[Any], *, owner: int, wanted: Iterable[Key], vers: int
) -> dict[Key, list[Known]]:
    """What tells whether a source brings something new, of the current rows and the tombstones of
    these ids in any version of `vers`."""
    found: dict[Key, list[Known]] = {}
    rows = cursor.execute(_KNOWN, _arguments(owner, wanted, vers), prepare=True, binary=True)
    for row in rows.fetchall():
        found.setdefault(row[:2], []).append(row[2:])
    return found


def _arguments(owner: int, wanted: Iterable[Key], vers: int) -> dict[str, Any]:
    keys = dict.fromkeys(wanted)
    return {
        "owner": owner,
        "rtypes": int_array([k[0] for k in keys]),
        "fids": text_array([k[1] for k in keys]),
        "vers": vers,
    }
