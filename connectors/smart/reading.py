"""One resource type of one patient, read as cheaply as the server lets us: what changed since last
time where it understands `_lastUpdated`, everything where it does not or once a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.errors import ScopeMissing
from connectors.smart.page_text import Entry
from connectors.smart.probe import understands_updates
from connectors.smart.progress import OVERLAP, Progress, fhir_instant
from connectors.smart.search_plan import TypeQuery
from connectors.smart.searchset import Refused, Searchset, Server

Params = tuple[tuple[str, str], ...]


class Reading:
    """Reads a type once: `pages()` to its end, then `progress()`.

    `parameters` are the search parameters the server lists for the type; None where it lists none.
    """

    def __init__(
        self,
        server: Server,
        query: TypeQuery,
        state: Progress,
        *,
        patient: str,
        count: int,
        parameters: frozenset[str] | None,
    ) -> None:
        self._server = server
        self._query = query
        self._state = state
        self._anchor: Params = ((query.anchor, patient),)
        self._count: Params = (("_count", str(count)),)
        self._may_probe = parameters is None or "_lastUpdated" in parameters
        self._asked_at: datetime | None = None
        self._dated = True
        self._swept = False

    def pages(self) -> Iterator[list[Entry]]:
        """The entries, page by page. Raises ScopeMissing where the server refuses every way of
        asking.
        """
        now = self._server.now()
        if self._state.changes_only(now):
            since = fhir_instant(datetime.fromisoformat(self._state.since))
            try:
                yield from self._pages((("_lastUpdated", f"ge{since}"),))
            except Refused:  # it took this once and no longer does: everything, then
                self._state = replace(self._state, updates=False, probed="")
            else:
                return
        self._swept = True
        self._state = self._state.at_sweep(now)
        try:
            yield from self._pages(())
        except Refused as refused:
            raise ScopeMissing(str(refused)) from None

    def progress(self) -> Progress:
        """The state to keep after all pages came. May probe the server with one request."""
        now = self._server.now()
        since = ((self._asked_at or now) - OVERLAP).isoformat()
        if not self._swept:
            return replace(self._state, since=since)
        state = replace(self._state, since=since, swept=now.isoformat())
        if not state.probe_due(now):
            return state
        verdict = self._may_probe and self._dated and self._probe(state, now)
        return replace(state, updates=verdict, probed=now.isoformat())

    def _probe(self, state: Progress, now: datetime) -> bool:
        part = self._query.split[:1] if state.split else ()
        return understands_updates(
            self._server, self._query.rtype, (*self._anchor, *part), later=now + timedelta(days=366)
        )

    def _pages(self, limit: Params) -> Iterator[list[Entry]]:
        """Plainly, or in parts where plainly is refused."""
        if not self._state.split:
            try:
                yield from self._search(limit)
            except Refused:
                if not self._query.split:
                    raise
            else:
                return
        answered = 0
        for part in self._query.split:
            try:
                yield from self._search((part, *limit))
            except (Refused, ScopeMissing):
                continue
            answered += 1
        if not answered:
            raise Refused(f"{self._query.rtype}: every way of asking is refused")
        self._state = replace(self._state, split=True)

    def _search(self, more: Params) -> Iterator[list[Entry]]:
        searchset = Searchset(self._server, self._query.rtype, (*self._anchor, *more, *self._count))
        for entries in searchset.pages():
            self._asked_at = self._asked_at or searchset.server_time
            self._dated = self._dated and all(map(_is_dated, entries))
            yield entries


def _is_dated(entry: Entry) -> bool:
    meta = entry.value.get("meta")
    return isinstance(meta, dict) and bool(meta.get("lastUpdated"))
