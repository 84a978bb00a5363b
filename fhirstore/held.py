"""What the store holds under an id, as ingest and app writes look it up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

Key = tuple[int, str]
"""(rtype, fid)."""


@dataclass(frozen=True, slots=True)
class Held:
    """A current row. `keys` and `body` are empty unless asked for."""

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
    keys: list[int]
    body: bytes


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


_WANTED = "unnest(%(rtypes)s::smallint[], %(fids)s::text[]) as w(rtype, fid)"
_SAME = "owner = %(owner)s and x.rtype = w.rtype and x.fid = w.fid and (x.vers & %(vers)s) <> 0"
_HELD = """
select x.rtype, x.fid, x.vers, x.rid, x.version, x.updated, x.src, x.hash, x.conn, x.also, {rest}
from {wanted} join fhir_resource x on x.{same} order by x.vers
"""
_BRIEF = _HELD.format(rest="'{}'::bigint[], ''::bytea", wanted=_WANTED, same=_SAME)
_WHOLE = _HELD.format(rest="x.keys, convert_to(x.body, 'UTF8')", wanted=_WANTED, same=_SAME)
_TOMBSTONES = f"""
select x.rtype, x.fid, x.vers, x.version, x.deleted, x.src, x.hash, x.conn, x.hidden
from {_WANTED} join fhir_tombstone x on x.{_SAME} order by x.vers
"""


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


def _arguments(owner: int, wanted: Iterable[Key], vers: int) -> dict[str, Any]:
    keys = list(dict.fromkeys(wanted))
    return {
        "owner": owner,
        "rtypes": [k[0] for k in keys],
        "fids": [k[1] for k in keys],
        "vers": vers,
    }
