"""New resources made ready to be written before the owner's lock is taken: what takes the time is
done while nobody waits, and each resource is through before the next one is read.

What is made so holds where, under the lock, the owner's change number is still the one that was
seen, and where references to what came in the same batch were told the ids that it really got."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from fhirstore.arrival import Arrival, Reception
from fhirstore.arriving import Arriving
from fhirstore.changes import Changes, Incoming
from fhirstore.held import held
from fhirstore.references import Resolve, Rewritten
from fhirstore.rtypes import NUMBERS

Ids = dict[tuple[str, str], str]
"""By type and source id."""


class Ready:
    """Gathers new resources in `changes`."""

    def __init__(
        self,
        cursor: psycopg.Cursor[Any],
        changes: Changes,
        reception: Reception,
        owner: int,
    ) -> None:
        self._changes, self._reception = changes, reception
        self._targets = _Targets(cursor, reception, owner)
        self._told: dict[str | None, tuple[Rewritten, Arriving]] = {}
        self.ids: Ids = {}

    def __len__(self) -> int:
        return len(self.ids)

    def expect(self, rtype: str, source_id: str, fid: str) -> None:
        """An id that seems to be that of what comes in the batch."""
        self._targets.expected[rtype, source_id] = fid

    def add(self, arrival: Arrival) -> dict[str, Any]:
        """Make a resource ready that is not there; returns it as it will be stored."""
        reception = self._reception
        rewritten, arriving = self._told.get(arrival.patient) or self._for(arrival.patient)
        if reception.wearable:
            resource = reception.complete(arrival, arrival.fid, rewritten)
        else:
            resource = reception.dress(arrival, arrival.fid)
        incoming = Incoming(
            rtype=arrival.number,
            fid=arrival.fid,
            vers=reception.vers,
            resource=resource,
            src=arrival.src,
            hash=arrival.hash,
            conn=reception.source.connection,
        )
        if reception.wearable:
            self._changes.first(incoming)
        else:
            self._changes.first(incoming, index=arriving.packed)
        self.ids[arrival.rtype, arrival.source_id] = arrival.fid
        return resource

    def mistaken(self, chosen: Mapping[tuple[str, str], str]) -> bool:
        """Whether references say another id than one that was chosen in the end."""
        ids, supposed = {**self.ids, **chosen}, self._targets.supposed
        return any(name in ids and {ids[name]} != fids for name, fids in supposed.items())

    def _for(self, patient: str | None) -> tuple[Rewritten, Arriving]:
        rewritten = Rewritten(self._reception.bases, self._targets.of(patient))
        told = rewritten, Arriving(self._reception.version, rewritten)
        self._told[patient] = told
        return told


class _Targets:
    """The ids that references are told. It knows nothing of `Ready`, which knows it: what refers to
    itself in a circle, with all it holds, would lie in memory until it is looked for."""

    def __init__(self, cursor: psycopg.Cursor[Any], reception: Reception, owner: int) -> None:
        self._cursor, self._reception, self._owner = cursor, reception, owner
        self._there: dict[tuple[int, str], bool] = {}
        self.expected: Ids = {}
        self.supposed: dict[tuple[str, str], set[str]] = {}

    def of(self, patient: str | None) -> Resolve:
        """What tells the ids of what resources of a patient refer to."""

        def resolve(rtype: str, source_id: str) -> str:
            name = rtype, source_id
            fid = self.expected.get(name) or self._elsewhere(rtype, source_id, patient)
            self.supposed.setdefault(name, set()).add(fid)
            return fid

        return resolve

    def _elsewhere(self, rtype: str, source_id: str, patient: str | None) -> str:
        fid, other = self._reception.target_id(rtype, source_id, patient=patient)
        if not other:
            return fid
        key = (NUMBERS[rtype], other)
        if key not in self._there:
            found = held(
                self._cursor,
                owner=self._owner,
                wanted=[key],
                vers=self._reception.vers,
                whole=False,
            )
            self._there[key] = key in found
        return other if self._there[key] else fid
