"""The one client for every hospital: a patient's record, type by type, over SMART on FHIR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic

import requests

from connectors.answer import check
from connectors.connector import Link, Page, Window
from connectors.errors import Malformed, ScopeMissing
from connectors.smart import discovery, progress, scopes
from connectors.smart.complaint import complaint
from connectors.smart.directory import Directory
from connectors.smart.page_text import Entry, whole
from connectors.smart.platforms import Platform
from connectors.smart.reading import Reading
from connectors.smart.search_plan import PLANS, TypeQuery
from connectors.smart.searchset import Server

PATIENT = "Patient"


class SmartConnector:
    """A hospital connector with a platform's quirks."""

    kind = "clinical"

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.slug = platform.slug

    def open(self, link: Link, session: requests.Session, *, now: datetime) -> SmartPull:
        """Start a run over one patient's record."""
        return SmartPull(link, session, self.platform, now=now)


class SmartPull:
    """One run. A window is a resource type; what its resources refer to (practitioners, documents)
    is read at the end of the same window, so that its checkpoint speaks for both.
    """

    def __init__(
        self, link: Link, session: requests.Session, platform: Platform, *, now: datetime
    ) -> None:
        self._link = link
        self._platform = platform
        self._began, self._clock = now, monotonic()
        bases = tuple(dict.fromkeys((link.api_base, link.base)))
        self._server = Server(
            session=session,
            bases=bases,
            headers={"Accept": platform.accept, **dict(platform.headers)},
            now=self._now,
        )
        self._queries: dict[str, TypeQuery] = {}
        self._progress: dict[str, progress.Progress] = {}
        self._searches: Mapping[str, frozenset[str]] | None = None
        self._directory = Directory(self._server, fhir_version=link.fhir_version)

    def windows(self, *, checkpoints: Mapping[str, str], now: datetime) -> Sequence[Window]:
        """Patient, then every type that the server offers and the grant permits."""
        self._searches = discovery.statement(
            self._server.session, self._link.api_base, headers=self._server.headers, now=now
        ).searches
        permitted = scopes.readable(self._link.scope)
        rows = [TypeQuery(rtype=PATIENT), *PLANS[self._link.fhir_version]]
        windows = []
        for query in rows:
            rtype = query.rtype
            offered = rtype == PATIENT or self._searches is None or rtype in self._searches
            if not offered or (permitted is not None and rtype not in permitted):
                continue
            self._queries[rtype] = query
            state = self._progress[rtype] = progress.load(checkpoints.get(rtype))
            since = state.since if state.changes_only(now) else ""
            start = datetime.fromisoformat(since) if since else None
            windows.append(Window(key=rtype, start=start, end=now))
        for state in self._progress.values():
            self._directory.remember(state.read)
        return windows

    def fetch(self, window: Window) -> Iterator[Page]:
        """The pages of one type; the last one is empty and carries the checkpoint."""
        state = self._progress[window.key]
        self._directory.owe(state.owed)
        if window.key == PATIENT:
            yield self._page([self._patient()], PATIENT)
            state = state.at_sweep(self._now())
        else:
            reading = self._reading(window.key, state)
            for entries in reading.pages():
                yield self._page(entries, window.key)
            state = reading.progress()
        yield from self._directory.pages()
        state = state.having_read(self._directory.taken(), owed=self._directory.owed())
        yield Page(resources=(), checkpoint=state.dump())

    def _reading(self, rtype: str, state: progress.Progress) -> Reading:
        return Reading(
            self._server,
            self._queries[rtype],
            state,
            patient=self._link.account,
            count=self._platform.count,
            parameters=None if self._searches is None else self._searches.get(rtype) or None,
        )

    def _patient(self) -> Entry:
        response = self._server.get(f"{self._link.api_base}/{PATIENT}/{self._link.account}")
        if response.status_code in (400, 404, 410):
            raise ScopeMissing(f"{PATIENT}: HTTP {response.status_code}")
        now = self._now()
        check(response, now=now, what=PATIENT)
        entry = whole(response.content, what=PATIENT)
        if entry.value.get("resourceType") == "OperationOutcome":
            error = complaint(entry.value, what=PATIENT, now=now)
            raise error or Malformed(f"{PATIENT}: the answer is something else")
        if entry.value.get("resourceType") != PATIENT:
            raise Malformed(f"{PATIENT}: the answer is something else")
        return entry

    def _page(self, entries: Sequence[Entry], what: str) -> Page:
        """A page of what has a type; the directory takes note of what it refers to."""
        good = [entry for entry in entries if isinstance(entry.value.get("resourceType"), str)]
        self._directory.note(entry.value for entry in good)
        nameless = len(entries) - len(good)
        problems = (f"{what}: {nameless} entries without resourceType",) if nameless else ()
        return Page(resources=tuple(entry.text for entry in good), problems=problems)

    def _now(self) -> datetime:
        return self._began + timedelta(seconds=monotonic() - self._clock)
