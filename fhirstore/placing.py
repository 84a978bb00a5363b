"""What becomes of each arrival under the owner's lock: created, updated or left as it is, and under
which id (wire contract 13.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from fhirstore.amended import amend
from fhirstore.arrival import Arrival, Reception, same_content
from fhirstore.changes import Changes, Incoming
from fhirstore.held import Held, Key, Tombstone, held, tombstones
from fhirstore.home import STAND_IN, make_room
from fhirstore.references import Resolve, Rewritten
from fhirstore.rtypes import NUMBERS
from fhirstore.source import IngestSummary


class Placing:
    """Decides, under the lock, what becomes of each arrival."""

    def __init__(
        self,
        cursor: psycopg.Cursor[Any],
        changes: Changes,
        reception: Reception,
        owner: int,
        arrivals: Sequence[Arrival],
        absent: set[Key],
        ids: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        """`absent`: what is known not to be there, nor to have been deleted. `ids`: those of others
        that came with the arrivals, by type and source id."""
        self._cursor = cursor
        self._changes = changes
        self._reception = reception
        self._owner = owner
        self._arrivals = arrivals
        self._rows: dict[Key, list[Held]] = {}
        self._tombs: dict[Key, list[Tombstone]] = {}
        self._looked = absent
        self._ids: dict[tuple[str, str], str] = dict(ids or {})
        self._taken: dict[Key, int] = {}
        self._told: dict[str | None, Rewritten] = {}
        self._counts: Counter[str] = Counter()

    def choose(self) -> dict[tuple[str, str], str]:
        """The arrivals' ids, by type and source id."""
        wanted = [(a.number, a.fid) for a in self._arrivals]
        if unknown := [key for key in wanted if key not in self._looked]:
            self._look(unknown)
        chosen = {(a.rtype, a.source_id): self._choose_id(a) for a in self._arrivals}
        self._ids |= chosen
        return chosen

    def write(self) -> IngestSummary:
        """Write the changes, once ids are chosen."""
        for arrival in self._arrivals:
            self._counts[self._place(arrival)] += 1
        self._changes.flush(self._cursor)
        self._told.clear()  # they refer back to this: all would lie in memory for a while
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
        if row and row.src == arrival.src and same_content(row.hash, arrival.hash):
            self._also(row)
            return "unchanged"
        if not row and any(
            t.src == arrival.src and same_content(t.hash, arrival.hash) for t in tombs
        ):
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
