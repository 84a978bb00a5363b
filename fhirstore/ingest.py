"""Storing what sources send (wire contract 12.6, 13, 14).

Ids are derived, unchanged content writes nothing: what has arrived is looked up without a
transaction first, and only what differs takes the owner's lock, is looked up again where something
changed meanwhile, and is written, one transaction a batch. A resource that an app deleted stays
deleted until the source changes it; an app's edit stands until the source changes the resource."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

import psycopg
from django.db import IntegrityError, transaction

from fhirstore import database as db
from fhirstore.arrival import Arrival, Reception, Rejected, text_of
from fhirstore.changes import Changes, lock_owner
from fhirstore.held import Key, known
from fhirstore.home import home_patient
from fhirstore.keys import EVERY_VERSION, VERSION_BITS
from fhirstore.placing import Placing
from fhirstore.sorting import Doubtful, Sorting, is_known
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
            skip = attempt * _SKIP
            try:
                try:
                    return self._quickly(raws, skip=skip)
                except Doubtful:
                    return self._carefully(raws, skip=skip)
            except (psycopg.errors.UniqueViolation, IntegrityError):
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _quickly(self, raws: Sequence[bytes | dict[str, Any]], *, skip: int) -> IngestSummary:
        """Look first, by the names that the texts seem to bear: what is stored as it was sent is
        not even read, and what is not there is made ready before the lock is taken. What remains is
        placed under the lock. Raises Doubtful, having written nothing, where any of that does not
        hold."""
        cursor = db.cursor()
        seen, aliases = self._state(cursor)
        reception = Reception(self._source, home=self._home, aliases=aliases)
        changes = Changes(owner=self._owner, seq=seen + skip, now=self._now)
        sorting = Sorting(cursor, self._owner, reception, changes, keep=self._look is not None)
        sorting.sort(raws)
        late, ready, summary = sorting.late, sorting.ready, sorting.summary()
        if not (late or ready):
            return summary
        written = IngestSummary()
        with transaction.atomic():
            cursor = db.cursor()
            number = 2 * (len(late) + len(ready)) + skip
            if lock_owner(cursor, owner=self._owner, changes=number)[0] != seen:
                raise Doubtful
            if self._may_write():
                placing = Placing(
                    cursor, changes, reception, self._owner, late, sorting.absent, ready.ids
                )
                if ready.mistaken(placing.choose()):
                    raise Doubtful
                written = placing.write() + IngestSummary(created=len(ready))
        self._show(written, [*sorting.kept, *(a.resource for a in late)])
        return summary + written

    def _carefully(self, raws: Sequence[bytes | dict[str, Any]], *, skip: int) -> IngestSummary:
        """The same for what comes doubled, or while somebody else writes: all is read first."""
        cursor = db.cursor()
        seen, aliases = self._state(cursor)
        reception = Reception(self._source, home=self._home, aliases=aliases)
        arrivals: dict[int, Arrival] = {}
        problems: list[str] = []
        repeated = 0
        for raw in raws:
            try:
                arrival = reception.receive(text_of(raw))
            except Rejected as problem:
                problems.append(str(problem))
                continue
            repeated += arrivals.pop(arrival.src, None) is not None
            arrivals[arrival.src] = arrival
        wanted = [(a.number, a.fid) for a in arrivals.values()]
        there = known(cursor, owner=self._owner, wanted=wanted, vers=self._vers)
        connection = self._source.connection
        changed = [
            a
            for a in arrivals.values()
            if not is_known(a, there.get((a.number, a.fid), ()), connection)
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
        self._show(written, [a.resource for a in changed])
        return summary + written

    def _state(self, cursor: psycopg.Cursor[Any]) -> tuple[int, dict[int, str]]:
        """The owner's change number, and the ids that 13.3 chose."""
        rows = cursor.execute(_STATE, (self._vers, self._owner), prepare=True).fetchall()
        seq = rows[0][0] if rows else 0
        return seq, {src: fid for _, src, fid in rows if src is not None}

    def _show(self, written: IngestSummary, resources: Iterable[dict[str, Any]]) -> None:
        if self._look and written.created + written.updated:
            for resource in resources:
                self._look(self._source.version, resource)

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
            placing = Placing(cursor, changes, reception, self._owner, changed, absent)
            placing.choose()
            return placing.write()
