"""Writing a batch of changes of one owner: rows, index rows, history, outbox. The one place that writes resources.

The owner's row in fhir_owner is the lock: whoever has it is the only writer of that owner until its transaction ends. So what was looked
up under it still holds when it is written, no statement needs `on conflict`, and two writers can neither double nor deadlock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from fhirstore import database as db
from fhirstore import digits, keys
from fhirstore.held import Held, Tombstone
from fhirstore.rtypes import NAMES
from fhirstore.search.extract import IndexRows, extract
from fhirstore.search.moments import microseconds
from fhirstore.versions import renderings

FIRST_VERSION = 9_000_000_000_000
"""`meta.versionId` of a first version (wire contract 12.6)."""

_OURS = ("versionId", "lastUpdated")
_LOCK = """
insert into fhir_owner as o (owner, seq) values (%(owner)s, %(n)s)
on conflict (owner) do update set seq = o.seq + %(n)s returning seq, home
"""
_UPDATE = """
update fhir_resource set rid = %s, updated = %s, lo = %s, hi = %s, conn = %s, also = %s::bigint[], src = %s, present = %s, version = %s,
  vers = %s, hash = %s, keys = %s::bigint[], body = convert_from(%s, 'UTF8')
where owner = %s and rtype = %s and rid = %s
"""
_DELETE_TOKENS = """
delete from fhir_token t using unnest(%s::bigint[], %s::bigint[]) as d(key, rid)
where t.owner = %s and t.key = d.key and t.rid = d.rid
"""
_DELETE_RANGES = """
delete from fhir_range t using unnest(%s::bigint[], %s::bigint[], %s::bigint[]) as d(key, lo, rid)
where t.owner = %s and t.key = d.key and t.lo = d.lo and t.rid = d.rid
"""
_DELETE_STRINGS = """
delete from fhir_string t using unnest(%s::bigint[], %s::text[], %s::bigint[]) as d(key, val, rid)
where t.owner = %s and t.key = d.key and t.val = d.val and t.rid = d.rid
"""
_DELETE_UNDER_KEYS = """
delete from {table} t using unnest(%s::bigint[], %s::bigint[]) as d(key, rid)
where t.owner = %s and t.key = d.key and t.rid = d.rid
"""
_RESOURCE_COLUMNS = (
    "owner, rid, self, updated, lo, hi, conn, src, present, version, rtype, vers, fid, hash, also, keys, body"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A resource to be stored: `id` set, `meta.versionId` and `lastUpdated` not yet. `src`, `hash` and `conn` are None for an app's."""

    rtype: int
    fid: str
    vers: int
    resource: dict[str, Any]
    src: int | None = None
    hash: bytes | None = None
    conn: int | None = None
    also: list[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A version as stored. `version_id` is `meta.versionId` as a number, `body` what a read serves (R4's shape
    for wearables), `created` whether it was not there before."""

    fid: str
    version_id: int
    updated: datetime
    body: bytes
    created: bool = False


def lock_owner(cursor: psycopg.Cursor[Any], *, owner: int, changes: int) -> tuple[int, str | None]:
    """Take the owner's lock until the transaction ends, and `changes` numbers. Returns the last number before them, and the home
    Patient's id."""
    row = cursor.execute(_LOCK, {"owner": owner, "n": changes}, prepare=True).fetchone()
    assert row is not None
    return row[0] - changes, row[1]


class Changes:
    """Changes gathered in Python and written by `flush`, under the owner's lock, in one transaction."""

    def __init__(self, *, owner: int, seq: int, now: datetime) -> None:
        """`seq`: the last number used before those taken by `lock_owner`."""
        self._owner = owner
        self._seq = seq
        self._now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._resources = db.Copy("fhir_resource", _RESOURCE_COLUMNS)
        self._tokens = db.Copy("fhir_token", "owner, key, rid, sys, vers")
        self._ranges = db.Copy("fhir_range", "owner, key, lo, hi, rid")
        self._strings = db.Copy("fhir_string", "owner, key, rid, val, raw")
        self._history = db.Copy("fhir_history", "owner, rtype, vers, version, updated, fid, body")
        self._tombs = db.Copy(
            "fhir_tombstone", "owner, conn, src, deleted, version, rtype, vers, hidden, fid, hash"
        )
        self._outbox = db.Copy("fhir_outbox", "owner, seq, rtype, vers, version, at, fid, action")
        self._updates: list[tuple[Any, ...]] = []
        self._gone_rows: list[tuple[int, int]] = []
        self._gone_tombs: list[tuple[int, str, int]] = []
        self._gone_tokens: list[tuple[int, int]] = []
        self._gone_ranges: list[tuple[int, int, int]] = []
        self._gone_strings: list[tuple[int, str, int]] = []
        self._gone_keys: list[tuple[int, int]] = []

    def create(
        self, new: Incoming, *, tombstones: Sequence[Tombstone] = (), version: int = 0
    ) -> Stored:
        """A resource that is not there; after a deletion its numbering goes on. `version`: the first number otherwise."""
        self._seq += 1
        for tombstone in tombstones:
            version = max(version, tombstone.version + 1)
            self._bury(tombstone)
        stored, rows = self._complete(new, version, created=True)
        rid = self._rid(rows, None)
        self._resources.add(
            db.int8(self._owner),
            db.int8(rid),
            db.int8(keys.self_key(f"{NAMES[new.rtype]}/{new.fid}")),
            db.timestamp(self._now),
            db.int8(rows.lo),
            db.int8(rows.hi),
            db.int8(new.conn),
            db.int8(new.src),
            db.int8(rows.present),
            db.int4(version),
            db.int2(new.rtype),
            db.int2(new.vers),
            db.text(new.fid),
            db.raw(new.hash),
            db.int8s(new.also),
            db.int8s(rows.all_keys()),
            db.raw(stored.body),
        )
        self._index(rows, rid)
        self._tell(new.rtype, new.fid, new.vers, version, "create")
        return stored

    def update(self, new: Incoming, old: Held) -> Stored:
        """A new version of what is there; the old one goes into history. `old` must have been looked up whole."""
        self._seq += 1
        self._keep(old)
        version = old.version + 1
        stored, rows = self._complete(new, version, created=False)
        self._replace(new, old, stored.body, rows, version)
        self._tell(new.rtype, new.fid, new.vers, version, "update")
        return stored

    def same(self, old: Held, resource: dict[str, Any]) -> bool:
        """Whether a body says what is there already, but for `meta.versionId` and `lastUpdated`."""
        return _said(resource) == _said(digits.loads(old.body))

    def rewrite(self, old: Held, *, vers: int, body: bytes, version: int) -> None:
        """Put another body or other version bits in the place of `old`: no new version, nothing into history."""
        self._seq += 1
        new = Incoming(
            rtype=old.rtype, fid=old.fid, vers=vers, resource={}, src=old.src, hash=old.hash, conn=old.conn, also=old.also
        )
        self._replace(new, old, body, extract(renderings(digits.loads(body), vers)), version)
        self._tell(old.rtype, old.fid, vers, version, "update")

    def delete(self, old: Held, *, hidden: bool = False) -> None:
        """Delete: the version goes into history, a tombstone stays. `hidden`: a read is 404, not 410, and history is left alone."""
        if not hidden:
            self._keep(old)
        self.drop(old)
        self._tombs.add(
            db.int8(self._owner),
            db.int8(old.conn),
            db.int8(old.src),
            db.timestamp(self._now),
            db.int4(old.version + 1),
            db.int2(old.rtype),
            db.int2(old.vers),
            db.boolean(hidden),
            db.text(old.fid),
            db.raw(old.hash),
        )

    def drop(self, old: Held) -> None:
        """Take the row and its index rows away without a trace but the outbox's."""
        self._seq += 1
        self._gone_rows.append((old.rtype, old.rid))
        self._unindex(old, _indexed(old), _NOTHING)
        self._tell(old.rtype, old.fid, old.vers, old.version + 1, "delete")

    def flush(self, cursor: psycopg.Cursor[Any]) -> None:
        """Write everything. Raises UniqueViolation in the rare case that a rid is taken: roll back and begin again with later numbers."""
        self._flush_removals(cursor)
        if self._updates:
            cursor.executemany(_UPDATE, self._updates)
        for copy in (
            self._resources,
            self._tokens,
            self._ranges,
            self._strings,
            self._history,
            self._tombs,
            self._outbox,
        ):
            copy.write(cursor)

    def _complete(
        self, new: Incoming, version: int, *, created: bool
    ) -> tuple[Stored, IndexRows]:
        meta = new.resource.get("meta")
        new.resource["meta"] = (meta if isinstance(meta, dict) else {}) | {
            "versionId": str(FIRST_VERSION + version),
            "lastUpdated": served_instant(self._now),
        }
        body = digits.dumps(new.resource)
        stored = Stored(
            fid=new.fid, version_id=FIRST_VERSION + version, updated=self._now, body=body, created=created
        )
        return stored, extract(renderings(new.resource, new.vers))

    def _rid(self, rows: IndexRows, old: int | None) -> int:
        """The row id: kept while the date stays, so that unchanged index rows can stay too."""
        if rows.lo is None:
            return old if old is not None and old < 0 else keys.undated(microseconds(self._now) // 1000, self._seq)
        rid = keys.dated(rows.lo // 1000, self._seq)
        return old if old is not None and old >> keys.SEQ_BITS == rid >> keys.SEQ_BITS else rid

    def _replace(self, new: Incoming, old: Held, body: bytes, rows: IndexRows, version: int) -> None:
        before = _indexed(old)
        rid = self._rid(rows, old.rid)
        if rid == old.rid and before is not None:
            self._unindex(old, before, rows)
            self._index(rows, rid, before)
        else:
            self._unindex(old, before, _NOTHING)
            self._index(rows, rid)
        self._updates.append(
            (
                rid,
                self._now,
                rows.lo,
                rows.hi,
                new.conn,
                new.also,
                new.src,
                rows.present,
                version,
                new.vers,
                new.hash,
                rows.all_keys(),
                body,
                self._owner,
                old.rtype,
                old.rid,
            )
        )

    def _index(self, rows: IndexRows, rid: int, before: IndexRows | None = None) -> None:
        """Write the index rows that are not there already."""
        changed = _Difference(before or _NOTHING, rows)
        owner = db.int8(self._owner)
        row = db.int8(rid)
        for key, (sys, vers) in rows.tokens.items():
            if key in changed.tokens:
                self._tokens.add(owner, db.int8(key), row, db.int4(sys), db.int2(vers))
        for key, lo, hi in rows.ranges:
            if (key, lo) in changed.ranges:
                self._ranges.add(owner, db.int8(key), db.int8(lo), db.int8(hi), row)
        for key, val, raw in rows.strings:
            if (key, val) in changed.strings:
                self._strings.add(owner, db.int8(key), row, db.text(val), db.text(raw))

    def _unindex(self, old: Held, before: IndexRows | None, after: IndexRows) -> None:
        """Take away the index rows that `after` does not have."""
        if before is None:
            self._gone_keys.extend((key, old.rid) for key in old.keys)
            return
        changed = _Difference(before, after)
        self._gone_tokens.extend((key, old.rid) for key in changed.tokens if key in before.tokens)
        self._gone_ranges.extend((key, lo, old.rid) for key, lo in changed.ranges)
        self._gone_strings.extend((key, val, old.rid) for key, val in changed.strings)

    def _keep(self, old: Held) -> None:
        self._history.add(
            db.int8(self._owner),
            db.int2(old.rtype),
            db.int2(old.vers),
            db.int4(old.version),
            db.timestamp(old.updated),
            db.text(old.fid),
            db.raw(old.body),
        )

    def _bury(self, tombstone: Tombstone) -> None:
        """A deletion that is followed by a new version becomes a part of history."""
        self._gone_tombs.append((tombstone.rtype, tombstone.fid, tombstone.vers))
        if not tombstone.hidden:
            self._history.add(
                db.int8(self._owner),
                db.int2(tombstone.rtype),
                db.int2(tombstone.vers),
                db.int4(tombstone.version),
                db.timestamp(tombstone.deleted),
                db.text(tombstone.fid),
                db.raw(None),
            )

    def _tell(self, rtype: int, fid: str, vers: int, version: int, action: str) -> None:
        self._outbox.add(
            db.int8(self._owner),
            db.int8(self._seq),
            db.int2(rtype),
            db.int2(vers),
            db.int4(version),
            db.timestamp(self._now),
            db.text(fid),
            db.text(action),
        )

    def _flush_removals(self, cursor: psycopg.Cursor[Any]) -> None:
        owner = self._owner
        if self._gone_tokens:
            cursor.execute(_DELETE_TOKENS, (*_columns(self._gone_tokens), owner))
        if self._gone_ranges:
            cursor.execute(_DELETE_RANGES, (*_columns(self._gone_ranges), owner))
        if self._gone_strings:
            cursor.execute(_DELETE_STRINGS, (*_columns(self._gone_strings), owner))
        if self._gone_keys:
            for table in ("fhir_token", "fhir_range", "fhir_string"):
                cursor.execute(_DELETE_UNDER_KEYS.format(table=table), (*_columns(self._gone_keys), owner))
        if self._gone_rows:
            cursor.execute(
                "delete from fhir_resource r using unnest(%s::smallint[], %s::bigint[]) as d(rtype, rid) "
                "where r.owner = %s and r.rtype = d.rtype and r.rid = d.rid",
                (*_columns(self._gone_rows), owner),
            )
        if self._gone_tombs:
            cursor.execute(
                "delete from fhir_tombstone t using unnest(%s::smallint[], %s::text[], %s::smallint[]) as d(rtype, fid, vers) "
                "where t.owner = %s and t.rtype = d.rtype and t.fid = d.fid and t.vers = d.vers",
                (*_columns(self._gone_tombs), owner),
            )


_NOTHING = IndexRows()


class _Difference:
    """What differs between two sets of index rows, by what a row is deleted by: rows that share it go, and are written, together."""

    def __init__(self, before: IndexRows, after: IndexRows) -> None:
        self.tokens = {key for key, _ in before.tokens.items() ^ after.tokens.items()}
        self.ranges = {(key, lo) for key, lo, _ in before.ranges.keys() ^ after.ranges.keys()}
        self.strings = {(key, val) for key, val, _ in before.strings.keys() ^ after.strings.keys()}


def _indexed(old: Held) -> IndexRows | None:
    """The index rows of a stored version; None where it was indexed by other definitions than today's."""
    rows = extract(renderings(digits.loads(old.body), old.vers))
    return rows if rows.all_keys() == sorted(old.keys) else None


def _said(resource: dict[str, Any]) -> bytes:
    meta = resource.get("meta")
    kept = {k: v for k, v in meta.items() if k not in _OURS} if isinstance(meta, dict) else {}
    return digits.canonical(resource | {"meta": kept})


def _columns(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def served_instant(moment: datetime) -> str:
    """`meta.lastUpdated`: UTC with milliseconds and Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
