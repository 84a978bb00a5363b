"""Writing a batch of changes of one owner: rows, index rows, history, outbox. The one place that
writes resources.

The owner's row in fhir_owner is the lock: whoever has it is the only writer of that owner until its
transaction ends. So what was looked up under it still holds when it is written, no statement needs
`on conflict`, and two writers can neither double nor deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from accounts.clock import served_instant
from fhirstore import database as db
from fhirstore import digits, keys
from fhirstore.fragments import packed
from fhirstore.held import Held, Tombstone
from fhirstore.index_rows import IndexChanges
from fhirstore.packed_rows import PackedRows
from fhirstore.rtypes import NAMES
from fhirstore.search.moments import microseconds
from fhirstore.versions import renderings

FIRST_VERSION = 9_000_000_000_000
"""`meta.versionId` of a first version (wire contract 12.6)."""

_HEAD = db.fixed("int8", "int8", "int8", "int8")
_NUMBERS = db.fixed("int8", "int4", "int2", "int2")
_ROW = db.fixed(*("int8",) * 9, "int4", "int2", "int2")
_TOLD = db.fixed("int8", "int8", "int2", "int2", "int4", "int8")
_COLUMNS = (
    "owner, rid, self, updated, lo, hi, conn, src, present, version, rtype, vers, fid, "
    "hash, also, keys, body"
)
_CREATE, _UPDATE, _DELETED = map(db.text, ("create", "update", "delete"))
_OURS = ("versionId", "lastUpdated")
_LOCK = """
insert into fhir_owner as o (owner, seq, indexed) values (%(owner)s, %(n)s, %(generation)s)
on conflict (owner) do update set seq = o.seq + %(n)s returning seq, home
"""
_DELETE = """
delete from fhir_resource where owner = %s and ctid = any(%s::tid[])
"""
_UNBURY = """
delete from fhir_tombstone t
using unnest(%s::smallint[], %s::text[], %s::smallint[]) as d(rtype, fid, vers)
where t.owner = %s and t.rtype = d.rtype and t.fid = d.fid and t.vers = d.vers
"""


Index = Callable[[dict[str, Any]], PackedRows]
"""From a resource to its index rows."""


@dataclass(slots=True, kw_only=True)
class Incoming:
    """A resource to be stored: `id` set, `meta.versionId` and `lastUpdated` not yet. `src`, `hash`
    and `conn` are None for an app's."""

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
    """A version as stored. `version_id` is `meta.versionId` as a number, `body` what a read serves,
    `created` whether it was not there before."""

    fid: str
    version_id: int
    updated: datetime
    body: bytes
    created: bool = False


def lock_owner(cursor: psycopg.Cursor[Any], *, owner: int, changes: int) -> tuple[int, str | None]:
    """Take the owner's lock until the transaction ends, and `changes` numbers. Returns the last
    number before them, and the home Patient's id."""
    values = {"owner": owner, "n": changes, "generation": keys.INDEX_GENERATION}
    row = cursor.execute(_LOCK, values, prepare=True).fetchone()
    assert row is not None
    return row[0] - changes, row[1]


class Changes:
    """Changes gathered in Python and written by `flush`, under the owner's lock, in one
    transaction.

    Each method takes one of the numbers of `lock_owner`.
    """

    def __init__(self, *, owner: int, seq: int, now: datetime) -> None:
        """`seq`: the last number used before those taken by `lock_owner`."""
        self._owner = owner
        self._seq = seq
        self._now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._said = served_instant(self._now)
        self._at = db.since_2000(self._now)
        self._milliseconds = microseconds(self._now) // 1000
        self._index = IndexChanges(owner)
        self._resources = db.Copy("fhir_resource", _COLUMNS)
        self._with_given = db.Copy("fhir_resource", f"{_COLUMNS}, given")
        self._history = db.Copy("fhir_history", "owner, rtype, vers, version, updated, fid, body")
        self._tombs = db.Copy(
            "fhir_tombstone", "owner, conn, src, deleted, version, rtype, vers, hidden, fid, hash"
        )
        self._outbox = db.Copy("fhir_outbox", "owner, seq, rtype, vers, version, at, fid, action")
        self._gone_rows: list[str] = []
        self._gone_tombs: list[tuple[int, str, int]] = []

    def create(
        self,
        new: Incoming,
        *,
        tombstones: Sequence[Tombstone] = (),
        version: int = 0,
    ) -> Stored:
        """A resource that is not there; after a deletion its numbering goes on. `version`: the
        first number otherwise."""
        for tombstone in tombstones:
            version = max(version, tombstone.version + 1)
            self._bury(tombstone)
        body = self.first(new, version=version)
        return Stored(
            fid=new.fid,
            version_id=FIRST_VERSION + version,
            updated=self._now,
            body=body,
            created=True,
        )

    def first(self, new: Incoming, *, index: Index | None = None, version: int = 0) -> bytes:
        """The same where there was no deletion; returns the body. `index` gives the rows instead of
        `packed`, before the resource is printed: it may change it."""
        self._seq += 1
        resource = new.resource
        self._stamp(resource, version)
        rows = index(resource) if index else packed(renderings(resource, new.vers))
        body = digits.dumps(resource)
        rid = self._rid(rows, None)
        self._row(new, body, rows, rid, version, self._at)
        self._index.add(rows, rid)
        self._tell(new.rtype, new.fid, new.vers, version, _CREATE)
        return body

    def update(self, new: Incoming, old: Held) -> Stored:
        """A new version of what is there; the old one goes into history. `old` must have been
        looked up whole."""
        self._seq += 1
        self._keep(old.rtype, old.fid, old.vers, old.version, old.updated, old.body)
        version = old.next
        self._stamp(new.resource, version)
        body, rows = digits.dumps(new.resource), packed(renderings(new.resource, new.vers))
        self._replace(new, old, body, rows, version=version, updated=self._now)
        self._tell(new.rtype, new.fid, new.vers, version, _UPDATE)
        return Stored(fid=new.fid, version_id=FIRST_VERSION + version, updated=self._now, body=body)

    def rewrite(
        self, old: Held, *, vers: int, body: bytes, version: int, given: int | None = None
    ) -> None:
        """Put another body or other version bits in the place of `old`: no new version, nothing
        into history. `given`: the highest number given, where it is not to stay what it is."""
        self._seq += 1
        rows = packed(renderings(digits.loads(body), vers))
        given = old.given if given is None else given
        as_is = _as_is(old, vers)
        self._replace(as_is, old, body, rows, version=version, updated=self._now, given=given)
        self._tell(old.rtype, old.fid, vers, version, _UPDATE)

    def reindex(self, old: Held) -> None:
        """Make the index rows anew, whatever is there; nothing else of the resource changes."""
        self._seq += 1
        rows = packed(renderings(digits.loads(old.body), old.vers))
        self._index.remove_keys([*old.keys, *rows.all_keys()], old.rid)
        rid = self._rid(rows, old.rid)
        self._index.add(rows, rid)
        as_is = _as_is(old, old.vers)
        self._put(as_is, old, old.body, rows, rid, old.version, old.updated, old.given)

    def delete(self, old: Held, *, hidden: bool = False) -> None:
        """Delete: the version goes into history, a tombstone stays. `hidden`: a read is 404, not
        410, and history is left alone."""
        if not hidden:
            self._keep(old.rtype, old.fid, old.vers, old.version, old.updated, old.body)
        self.drop(old)
        self._tombs.add(
            db.int8(self._owner),
            db.int8(old.conn),
            db.int8(old.src),
            db.timestamp(self._now),
            db.int4(old.next),
            db.int2(old.rtype),
            db.int2(old.vers),
            db.boolean(hidden),
            db.text(old.fid),
            db.raw(old.hash),
        )

    def drop(self, old: Held) -> None:
        """Take the row and its index rows away without a trace but the outbox's."""
        self._seq += 1
        self._gone_rows.append(old.ctid)
        self._unindex(old)
        self._tell(old.rtype, old.fid, old.vers, old.next, _DELETED)

    def flush(self, cursor: psycopg.Cursor[Any]) -> None:
        """Write everything. Raises UniqueViolation in the rare case that a rid is taken: roll back
        and begin again with later numbers."""
        if self._gone_rows:
            cursor.execute(_DELETE, (self._owner, db.text_array(self._gone_rows)), prepare=True)
        if self._gone_tombs:
            cursor.execute(_UNBURY, (*db.columns(self._gone_tombs), self._owner))
        self._resources.write(cursor)
        self._with_given.write(cursor)
        self._index.flush(cursor)
        for copy in (self._history, self._tombs, self._outbox):
            copy.write(cursor)

    def _stamp(self, resource: dict[str, Any], version: int) -> None:
        meta = resource.get("meta")
        stamp = {"versionId": str(FIRST_VERSION + version), "lastUpdated": self._said}
        resource["meta"] = meta | stamp if isinstance(meta, dict) else stamp

    def _rid(self, rows: PackedRows, old: int | None) -> int:
        """The row id: kept while the date stays, so that unchanged index rows can stay too."""
        if rows.lo is None:
            if old is not None and old < 0:
                return old
            return keys.undated(self._milliseconds, self._seq)
        rid = keys.dated(rows.lo // 1000, self._seq)
        return old if old is not None and old >> keys.SEQ_BITS == rid >> keys.SEQ_BITS else rid

    def _replace(
        self,
        new: Incoming,
        old: Held,
        body: bytes,
        rows: PackedRows,
        *,
        version: int,
        updated: datetime,
        given: int | None = None,
    ) -> None:
        rid = self._rid(rows, old.rid)
        before = _indexed(old)
        if rid == old.rid and before is not None:
            self._index.remove(before, rid, after=rows)
            self._index.add(rows, rid, before=before)
        else:
            self._unindex(old)
            self._index.add(rows, rid)
        self._put(new, old, body, rows, rid, version, updated, given)

    def _put(
        self,
        new: Incoming,
        old: Held,
        body: bytes,
        rows: PackedRows,
        rid: int,
        version: int,
        updated: datetime,
        given: int | None,
    ) -> None:
        # A row taken away and written by COPY costs a fraction of an update, which does as much.
        self._gone_rows.append(old.ctid)
        self._row(new, body, rows, rid, version, db.since_2000(updated), given)

    def _row(
        self,
        new: Incoming,
        body: bytes,
        rows: PackedRows,
        rid: int,
        version: int,
        at: int,
        given: int | None = None,
    ) -> None:
        itself = keys.self_key(f"{NAMES[new.rtype]}/{new.fid}")
        if rows.lo is not None and new.conn is not None and new.src is not None:  # nearly all
            # fmt: off
            head = _ROW(
                8, self._owner, 8, rid, 8, itself, 8, at, 8, rows.lo, 8, rows.hi, 8, new.conn,
                8, new.src, 8, rows.present, 4, version, 2, new.rtype, 2, new.vers,
            )
            # fmt: on
        else:
            head = b"".join(
                (
                    _HEAD(8, self._owner, 8, rid, 8, itself, 8, at),
                    db.int8(rows.lo),
                    db.int8(rows.hi),
                    db.int8(new.conn),
                    db.int8(new.src),
                    _NUMBERS(8, rows.present, 4, version, 2, new.rtype, 2, new.vers),
                )
            )
        rest = (
            db.text(new.fid),
            db.raw(new.hash),
            db.int8s(new.also),
            db.packed_int8s(rows.keys),
            db.length(body),
            body,
        )
        if given is None:
            self._resources.add(head, *rest)
        else:
            self._with_given.add(head, *rest, db.int4(given))

    def _unindex(self, old: Held) -> None:
        before = _indexed(old)
        if before is None:
            self._index.remove_keys(old.keys, old.rid)
        else:
            self._index.remove(before, old.rid)

    def _keep(
        self, rtype: int, fid: str, vers: int, version: int, updated: datetime, body: bytes | None
    ) -> None:
        self._history.add(
            db.int8(self._owner),
            db.int2(rtype),
            db.int2(vers),
            db.int4(version),
            db.timestamp(updated),
            db.text(fid),
            db.raw(body),
        )

    def _bury(self, tomb: Tombstone) -> None:
        """A deletion that is followed by a new version becomes a part of history."""
        self._gone_tombs.append((tomb.rtype, tomb.fid, tomb.vers))
        if not tomb.hidden:
            self._keep(tomb.rtype, tomb.fid, tomb.vers, tomb.version, tomb.deleted, None)

    def _tell(self, rtype: int, fid: str, vers: int, version: int, action: bytes) -> None:
        self._outbox.add(
            _TOLD(8, self._owner, 8, self._seq, 2, rtype, 2, vers, 4, version, 8, self._at),
            db.text(fid),
            action,
        )


def _as_is(old: Held, vers: int) -> Incoming:
    return Incoming(
        rtype=old.rtype,
        fid=old.fid,
        vers=vers,
        resource={},
        src=old.src,
        hash=old.hash,
        conn=old.conn,
        also=old.also,
    )


def _indexed(old: Held) -> PackedRows | None:
    """The index rows of a stored version; None where other definitions than today's made them."""
    rows = packed(renderings(digits.loads(old.body), old.vers))
    return rows if rows.all_keys() == sorted(old.keys) else None


def says_the_same(old: Held, resource: dict[str, Any]) -> bool:
    """Whether a body says what is there already, but for `meta.versionId` and `lastUpdated`."""
    return _said(resource) == _said(digits.loads(old.body))


def _said(resource: dict[str, Any]) -> bytes:
    meta = resource.get("meta")
    kept = without(meta, _OURS) if isinstance(meta, dict) else {}
    return digits.canonical(resource | {"meta": kept})


def without(members: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The members but for those."""
    return {name: value for name, value in members.items() if name not in names}
