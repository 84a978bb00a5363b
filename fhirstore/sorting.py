"""A batch sorted before anything of it is written: what is stored as it was sent, what is not there
yet, and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from fhirstore.arrival import SEAL, Arrival, Name, Reception, Rejected, same_content, text_of
from fhirstore.changes import Changes
from fhirstore.held import Key, Known, known
from fhirstore.ready import Ready
from fhirstore.source import IngestSummary


class Doubtful(Exception):
    """The batch has to be looked at as a whole, or somebody else has written meanwhile."""


def is_known(arrival: Arrival, there: Iterable[Known], connection: int) -> bool:
    """Whether a resource is stored as it arrived and it is known that this connection brings it, or
    it was deleted and the source has not changed it since."""
    return any(
        src == arrival.src
        and same_content(stored, arrival.hash)
        and (gone or conn == connection or connection in (also or ()))
        for src, stored, conn, also, gone in there
    )


class Sorting:
    """After `sort`: `ready` are the new ones, `late` the others that differ from what is there or
    whose id could not be told from their text, `absent` the keys known not to be there. `kept`: the
    new ones as they will be stored, where `keep`."""

    def __init__(
        self,
        cursor: psycopg.Cursor[Any],
        owner: int,
        reception: Reception,
        changes: Changes,
        *,
        keep: bool,
    ) -> None:
        self._cursor, self._owner, self._reception = cursor, owner, reception
        self._keep = keep
        self._connection = reception.source.connection
        self.ready = Ready(cursor, changes, reception, owner)
        self.late: list[Arrival] = []
        self.absent: set[Key] = set()
        self.kept: list[dict[str, Any]] = []
        self._there: dict[Key, list[Known]] = {}
        self._seen: set[int | Key] = set()
        self._twins: dict[int, list[int]] = {}
        self._unchanged = 0
        self._problems: dict[int, str] = {}

    def sort(self, raws: Sequence[bytes | dict[str, Any]]) -> None:
        """Look at a batch. Raises Doubtful where different texts are of the same resource."""
        texts = self._texts(raws)
        names = self._names(texts)
        asked = {name.key for name in names.values()}
        self._look(asked)
        there = self._there
        for place, name in names.items() if there else ():
            held = there.get(name.key)
            if held and self._is_as_sent(name, held):
                self._once(name.src, name.key)
                self._unchanged += 1
                if self._twins:
                    self._unchanged += len(self._twins.get(place, ()))
                del texts[place]
        early = self._early(texts, names)
        for place, text in texts.items():
            arrival = early.get(place) or self._received(place, text, names.get(place))
            if arrival is None:
                continue
            key = (arrival.number, arrival.fid)
            self._once(arrival.src, key)
            if key in asked and key not in there:
                resource = self.ready.add(arrival)
                if self._keep:
                    self.kept.append(resource)
            else:
                self.late.append(arrival)
        self._sort_late(asked)

    def summary(self) -> IngestSummary:
        """What need not be written."""
        problems = tuple(text for _, text in sorted(self._problems.items()))
        return IngestSummary(unchanged=self._unchanged, rejected=len(problems), problems=problems)

    def _texts(self, raws: Sequence[bytes | dict[str, Any]]) -> dict[int, bytes]:
        """By their place in the batch."""
        texts = {}
        for place, raw in enumerate(raws):
            try:
                texts[place] = text_of(raw)
            except Rejected as problem:
                self._problems[place] = str(problem)
        return texts

    def _names(self, texts: dict[int, bytes]) -> dict[int, Name]:
        """The names of the texts that show one. Takes away texts that are there twice."""
        names: dict[int, Name] = {}
        first: dict[Key, int] = {}
        for place, text in texts.items():
            if name := self._reception.name(text):
                before = first.setdefault(name.key, place)
                if before == place:
                    names[place] = name
                elif names[before].seal == name.seal:
                    self._twins.setdefault(before, []).append(place)
                else:
                    raise Doubtful
        for places in self._twins.values():
            for place in places:
                del texts[place]
        return names

    def _look(self, wanted: Iterable[Key]) -> None:
        vers = self._reception.vers
        self._there |= known(self._cursor, owner=self._owner, wanted=wanted, vers=vers)

    def _is_as_sent(self, name: Name, held: Iterable[Known]) -> bool:
        """The same as `is_known`, of a text that is stored as it was sent."""
        connection = self._connection
        for src, stored, conn, also, gone in held:
            if (
                src == name.src
                and stored is not None
                and stored[SEAL:] == name.seal
                and (gone or conn == connection or connection in (also or ()))
            ):
                return True
        return False

    def _early(self, texts: dict[int, bytes], names: dict[int, Name]) -> dict[int, Arrival]:
        """Those whose ids must be known before references to them can be told: what they are is
        not to be seen, or whether they belong to the patient."""
        early = {}
        for place, text in texts.items():
            name = names.get(place)
            if name and name.rtype not in self._reception.of_some:
                self.ready.expect(name.rtype, name.source_id, name.key[1])
            elif arrival := self._received(place, text, name):
                self.ready.expect(arrival.rtype, arrival.source_id, arrival.fid)
                early[place] = arrival
        for place in self._problems.keys() & texts.keys():
            del texts[place]
        return early

    def _received(self, place: int, text: bytes, name: Name | None) -> Arrival | None:
        """None where it is rejected."""
        twins = self._twins.get(place, ()) if self._twins else ()
        try:
            arrival = self._reception.receive(text, name)
        except Rejected as problem:
            self._problems |= dict.fromkeys((place, *twins), str(problem))
            return None
        self._unchanged += len(twins)
        return arrival

    def _once(self, src: int, key: Key) -> None:
        """Notes what came. Raises Doubtful where the same resource did, or one of its id."""
        seen = self._seen
        before = len(seen)
        seen.add(src)
        seen.add(key)
        if len(seen) - before < 2:
            raise Doubtful

    def _sort_late(self, asked: set[Key]) -> None:
        """Leave those out that say what is stored, in other words."""
        if not self.late:
            return
        if unknown := [key for a in self.late if (key := (a.number, a.fid)) not in asked]:
            self._look(unknown)
        late = []
        for arrival in self.late:
            key = (arrival.number, arrival.fid)
            there = self._there.get(key, ())
            if is_known(arrival, there, self._connection):
                self._unchanged += 1
                continue
            late.append(arrival)
            if not there:
                self.absent.add(key)
        self.late = late
