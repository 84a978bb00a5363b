"""Storing what sources send (wire contract 12.6, 13, 14).

Ids are derived, unchanged content writes nothing: what has arrived is looked up without a
transaction first, and only what differs takes the owner's lock, is looked up again where something
changed meanwhile, and is written, one transaction a batch. A resource that an app deleted stays
deleted until the source changes it; an app's edit stands until the source changes the resource."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

import psycopg
from django.db import IntegrityError, transaction

from fhirstore import database as db
from fhirstore.amended import amend
from fhirstore.arrival import Arrival, Reception, Rejected
from fhirstore.changes import Changes, Incoming, lock_owner
from fhirstore.held import Held, Key, Known, Tombstone, held, known, tombstones
from fhirstore.home import STAND_IN, home_patient, make_room
from fhirstore.keys import EVERY_VERSION, VERSION_BITS
from fhirstore.references import Resolve, Rewritten
from fhirstore.rtypes import NUMBERS
from fhirstore.source import IngestSummary, Source

Look = Callable[[str, dict[str, Any]], None]

_STATE = """
select o.seq, a.src, a.fid from fhir_owner o
left join fhir_alias a on a.owner = o.owner and a.vers = %s
where o.owner = %s
"""
BATCH = 200
ATTEMPTS = 5
_SKIP = 1_000


def _always() -> bool:
    return True


def ingest(
    *,
    owner: int,
    source: Source,
    resources: Iterable[bytes | dict[str, Any]],
    now: datetime,
    guard: Callable[[], bool] | None = None,
    look: Look | None = None,
) -> IngestSummary:
    """Store resources of one source for one owner. Each is JSON bytes as received (numbers keep
    their digits) or a dict.

    Resources carry the source's ids and references. What cannot be stored is counted as rejected,
    the rest is stored. `guard` is asked inside each transaction under the owner's lock; once it
    says no, nothing more is written and what was to be written is not counted. `look` is shown the
    FHIR version and the content of what was new or changed, after it was stored (but no wearable
    data, which we render ourselves)."""
    may_write = guard or _always
    home = None
    if source.version == "any":
        home = home_patient(owner=owner, base=source.base, now=now, may_write=may_write)
        if home is None:
            return IngestSummary()
    summary = IngestSummary()
    for batch in _batches(resources):
        with _uncollected():
            summary += _Batch(owner, source, home, now, may_write, look).store(batch)
    return summary


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: a batch makes thousands of objects that it needs to its end and
    that form no cycles, so each look for cycles among them, and among all others, is in vain."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _batches(resources: Iterable[bytes | dict[str, Any]]) -> Iterator[list[bytes | dict[str, Any]]]:
    remaining = iter(resources)
    while batch := list(islice(remaining, BATCH)):
        yield batch


class _Batch:
    def __init__(
        self,
        owner: int,
        source: Source,
        home: str | None,
        now: datetime,
        may_write: Callable[[], bool],
        look: Look | None,
    ) -> None:
        self._owner = owner
        self._source = source
        self._home = home
        self._now = now
        self._may_write = may_write
        self._look = None if source.version == "any" else look
        self._vers = EVERY_VERSION if source.version == "any" else VERSION_BITS[source.version]

    def store(self, raws: Sequence[bytes | dict[str, Any]]) -> IngestSummary:
        """Store one batch. A row id that is taken (two writes of one millisecond 524,288 writes
        apart) makes it begin again."""
        for attempt in range(ATTEMPTS):
            try:
                return self._try(raws, skip=attempt * _SKIP)
            except (psycopg.errors.UniqueViolation, IntegrityError):
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _try(self, raws: Sequence[bytes | dict[str, Any]], *, skip: int) -> IngestSummary:
        cursor = db.cursor()
        seen, aliases = self._state(cursor)
        reception = Reception(self._source, home=self._home, aliases=aliases)
        arrivals: dict[int, Arrival] = {}
        problems: list[str] = []
        repeated = 0
        for raw in raws:
            try:
                arrival = reception.receive(raw)
            except Rejected as problem:
                problems.append(str(problem))
                continue
            repeated += arrivals.pop(arrival.src, None) is not None
            arrivals[arrival.src] = arrival
        wanted = [(a.number, a.fid) for a in arrivals.values()]
        there = known(cursor, owner=self._owner, wanted=wanted, vers=self._vers)
        changed = [
            a for a in arrivals.values() if not self._known(a, there.get((a.number, a.fid), ()))
        ]
        summary = IngestSummary(
            unchanged=len(arrivals) - len(changed) + repeated,
            rejected=len(problems),
            problems=tuple(problems),
        )
        if not changed:
            return summary
        absent = {key for key in wanted if key not in there}
        written = self._write(changed, reception, skip, seen=seen, absent=absent)
        if self._look and written.created + written.updated:
            for arrival in changed:
                self._look(self._source.version, arrival.resource)
        return summary + written

    def _state(self, cursor: psycopg.Cursor[Any]) -> tuple[int, dict[int, str]]:
        """The owner's change number, and the ids that 13.3 chose."""
        rows = cursor.execute(_STATE, (self._vers, self._owner), prepare=True).fetchall()
        seq = rows[0][0] if rows else 0
        return seq, {src: fid for _, src, fid in rows if src is not None}

    def _known(self, arrival: Arrival, there: Sequence[Known]) -> bool:
        """Whether the resource is stored as it arrived and it is known that this connection brings
        it, or it was deleted and the source has not changed it since."""
        connection = self._source.connection
        return any(
            src == arrival.src
            and content == arrival.hash
            and (gone or conn == connection or connection in (also or ()))
            for src, content, conn, also, gone in there
        )

    def _write(
        self,
        changed: Sequence[Arrival],
        reception: Reception,
        skip: int,
        *,
        seen: int,
        absent: set[Key],
    ) -> IngestSummary:
        """Write under the lock. Where the change number is still what was `seen` before, so is the
        rest: what was `absent` needs no second look."""
        with transaction.atomic():
            cursor = db.cursor()
            seq, _ = lock_owner(cursor, owner=self._owner, changes=2 * len(changed) + skip)
            if not self._may_write():
                return IngestSummary()
            if seq != seen:
                absent = set()
                # Whoever had the lock before may have chosen ids by 13.3.
                _, aliases = self._state(cursor)
                if aliases != reception.aliases:
                    reception = Reception(self._source, home=self._home, aliases=aliases)
            changes = Changes(owner=self._owner, seq=seq + skip, now=self._now)
            return _Writer(cursor, changes, reception, self._owner, changed, absent).write()


class _Writer:
    """Decides, under the lock, what becomes of each arrival."""

    def __init__(
        self,
        cursor: psycopg.Cursor[Any],
        changes: Changes,
        reception: Reception,
        owner: int,
        arrivals: Sequence[Arrival],
        absent: set[Key],
    ) -> None:
        """`absent`: what is known not to be there, nor to have been deleted."""
        self._cursor = cursor
        self._changes = changes
        self._reception = reception
        self._owner = owner
        self._arrivals = arrivals
        self._rows: dict[Key, list[Held]] = {}
        self._tombs: dict[Key, list[Tombstone]] = {}
        self._looked = absent
        self._ids: dict[tuple[str, str], str] = {}
        self._taken: dict[Key, int] = {}
        self._told: dict[str | None, Rewritten] = {}
        self._counts: Counter[str] = Counter()

    def write(self) -> IngestSummary:
        wanted = [(a.number, a.fid) for a in self._arrivals]
        if unknown := [key for key in wanted if key not in self._looked]:
            self._look(unknown)
        for arrival in self._arrivals:
            self._ids[arrival.rtype, arrival.source_id] = self._choose_id(arrival)
        for arrival in self._arrivals:
            self._counts[self._place(arrival)] += 1
        self._changes.flush(self._cursor)
        return IngestSummary(
            created=self._counts["created"],
            updated=self._counts["updated"],
            unchanged=self._counts["unchanged"],
        )

    def _look(self, wanted: Sequence[Key]) -> None:
        vers = self._reception.vers
        self._rows |= held(self._cursor, owner=self._owner, wanted=wanted, vers=vers, whole=True)
        self._tombs |= tombstones(self._cursor, owner=self._owner, wanted=wanted, vers=vers)
        self._looked.update(wanted)

    def _choose_id(self, arrival: Arrival) -> str:
        """The id by 13.1, or by 13.3 where another source URL has it."""
        attempt, fid = 1, arrival.fid
        while self._is_taken(arrival, fid):
            attempt += 1
            fid = arrival.id_at(attempt)
        if attempt > 1:
            self._cursor.execute(
                "insert into fhir_alias (owner, src, vers, fid) values (%s, %s, %s, %s) "
                "on conflict (owner, src, vers) do update set fid = excluded.fid",
                (self._owner, arrival.src, self._reception.vers, fid),
            )
        self._taken[arrival.number, fid] = arrival.src
        return fid

    def _is_taken(self, arrival: Arrival, fid: str) -> bool:
        key = (arrival.number, fid)
        if key not in self._looked:
            self._look([key])
        if self._taken.get(key, arrival.src) != arrival.src:
            return True
        for row in self._rows.get(key, ()):
            if row.hash == STAND_IN:
                continue
            # An app's own row of that id is taken over, unless it is not in the same versions.
            if row.src != arrival.src and (row.src is not None or row.vers != self._reception.vers):
                return True
        return any(t.src not in (None, arrival.src) for t in self._tombs.get(key, ()))

    def _place(self, arrival: Arrival) -> str:
        fid = self._ids[arrival.rtype, arrival.source_id]
        key = (arrival.number, fid)
        rows = self._rows.get(key, [])
        tombs = self._tombs.get(key, [])
        row = next((r for r in rows if r.hash != STAND_IN), None)
        connection = self._reception.source.connection
        if row and row.src == arrival.src and row.hash == arrival.hash:
            self._also(row)
            return "unchanged"
        if not row and any(t.src == arrival.src and t.hash == arrival.hash for t in tombs):
            return "unchanged"
        incoming = Incoming(
            rtype=arrival.number,
            fid=fid,
            vers=self._reception.vers,
            resource=self._reception.complete(arrival, fid, self._rewritten(arrival.patient)),
            src=arrival.src,
            hash=arrival.hash,
            conn=connection if row is None or row.conn is None else row.conn,
            also=None if row is None else self._with_also(row),
        )
        if row:
            if self._reception.wearable:
                amend(incoming.resource, row.body)
            self._changes.update(incoming, row)
            return "updated"
        first = 0
        for standing in rows:
            first = max(first, make_room(self._changes, standing, vers=self._reception.vers))
        self._changes.create(incoming, tombstones=tombs, version=first)
        return "created"

    def _with_also(self, row: Held) -> list[int] | None:
        connection = self._reception.source.connection
        if row.conn in (None, connection) or connection in (row.also or ()):
            return row.also
        return [*(row.also or ()), connection]

    def _also(self, row: Held) -> None:
        """Remember that this connection brings the same resource: it stays when the other one is
        disconnected."""
        connection = self._reception.source.connection
        self._cursor.execute(
            "update fhir_resource set conn = coalesce(conn, %s), also = %s::bigint[] "
            "where owner = %s and ctid = %s::tid",
            (connection, self._with_also(row), self._owner, row.ctid),
        )

    def _rewritten(self, patient: str | None) -> Rewritten:
        """What references become in the resources of a patient, or of none."""
        found = self._told.get(patient)
        if found is None:
            found = Rewritten(self._reception.bases, self._resolver(patient))
            self._told[patient] = found
        return found

    def _resolver(self, patient: str | None) -> Resolve:
        def resolve(rtype: str, source_id: str) -> str:
            if known := self._ids.get((rtype, source_id)):
                return known
            fid, other = self._reception.target_id(rtype, source_id, patient=patient)
            if other:
                key = (NUMBERS[rtype], other)
                if key not in self._looked:
                    self._look([key])
                if key in self._rows:
                    return other
            return fid

        return resolve
