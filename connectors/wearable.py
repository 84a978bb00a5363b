"""The generic wearable connector: walks a vendor's metrics, spans and pages, and yields FHIR."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any

import requests

from connectors import spans
from connectors.answer import ask, check
from connectors.connector import Link, Page, Resource, Window
from connectors.errors import ConnectorError, Malformed
from connectors.local_time import LocalTime
from connectors.mapping.device import device
from connectors.mapping.observation import observation
from connectors.metric import Call, Metric, Row, Span

MOST_PAGES = 500


class WearableConnector:
    """A vendor: a subclass declares these and what its API makes necessary."""

    kind = "device"
    slug: str
    name: str
    api_base: str
    authorize_url: str
    token_url: str
    revoke_url: str = ""
    auth_method: str = "client_secret_post"
    scope: str
    authorize_extra: tuple[tuple[str, str], ...] = ()
    metrics: tuple[Metric, ...]
    next_page: str = "nextPageToken"

    def open(self, link: Link, session: requests.Session, *, now: datetime) -> WearablePull:
        """Start a run over one account."""
        return WearablePull(self, link, session, now=now)

    def account(
        self, session: requests.Session, *, api_base: str, tokens: dict[str, Any], now: datetime
    ) -> str:
        """The vendor's id of the account that was just linked. Raises ConnectorError."""
        raise NotImplementedError

    def local_time(self, session: requests.Session, link: Link, *, now: datetime) -> LocalTime:
        """The account's zone. Raises ConnectorError."""
        raise NotImplementedError

    def complaint(self, body: dict[str, Any], *, what: str, now: datetime) -> ConnectorError | None:
        """The error that an answer with status 200 reports; None where it reports none."""
        return None


class WearablePull:
    """One run over one account."""

    def __init__(
        self, vendor: WearableConnector, link: Link, session: requests.Session, *, now: datetime
    ) -> None:
        self._vendor, self._link, self._session = vendor, link, session
        self._began, self._clock = now, monotonic()
        self._local: LocalTime
        self._metrics = {metric.measure.key: metric for metric in vendor.metrics}
        self._reach: dict[str, spans.Reach] = {}
        self._recent: dict[str, spans.Pieces] = {}
        self._device_told = False

    def windows(self, *, checkpoints: Mapping[str, str], now: datetime) -> Sequence[Window]:
        """The recent span of every metric that the grant permits, then pieces of the past, the
        newest first.
        """
        self._local = self._vendor.local_time(self._session, self._link, now=now)
        granted = self._link.scope.split()
        recent: list[Window] = []
        older: list[list[Window]] = []
        end = self._local.next_day(now)
        until = self._link.connected_at - spans.PAST
        for key, metric in self._metrics.items():
            if granted and metric.scope and metric.scope not in granted:
                continue
            reach = self._reach[key] = spans.load(checkpoints.get(key))
            start = self._local.floor_day(reach.recent(now))
            parts = spans.pieces(start, end, most=metric.most, local=self._local)
            self._recent[key] = list(parts)
            recent += [Window(key=key, start=a, end=b) for a, b in parts]
            back = datetime.fromisoformat(reach.back) if reach.back else start
            rest = spans.past(back, until=until, most=metric.most, local=self._local)
            older.append([Window(key=key, start=a, end=b) for a, b in rest])
        depth = max(map(len, older), default=0)
        return recent + [row[i] for i in range(depth) for row in older if i < len(row)]

    def fetch(self, window: Window) -> Iterator[Page]:
        """The pages of one metric over one span; the last is empty and carries the checkpoint."""
        metric = self._metrics[window.key]
        assert window.start is not None
        span = Span(start=window.start, end=window.end, local=self._local, now=self._now())
        token: str | None = None
        seen: set[str] = set()
        while True:
            body = self._ask(metric.ask(span, token), what=window.key)
            yield self._page(metric, body, span)
            token = body.get(self._vendor.next_page) or None
            if token is None:
                break
            if not isinstance(token, str) or token in seen or len(seen) >= MOST_PAGES:
                raise Malformed(f"{window.key}: the pages go round in a circle")
            seen.add(token)
        yield Page(resources=(), checkpoint=self._reached(window.key, (window.start, window.end)))

    def _reached(self, key: str, span: tuple[datetime, datetime]) -> str:
        """The checkpoint after a span was answered: it moves to the present only when the whole
        recent span was, in this run.
        """
        open_parts = self._recent[key]
        if span in open_parts:
            open_parts.remove(span)
            if not open_parts:
                start = self._local.floor_day(self._reach[key].recent(self._began))
                self._reach[key] = self._reach[key].answered(start, self._began)
        else:
            self._reach[key] = self._reach[key].filled(*span)
        return self._reach[key].dump()

    def _page(self, metric: Metric, body: dict[str, Any], span: Span) -> Page:
        rows = body.get(metric.rows, [])
        if not isinstance(rows, list):
            raise Malformed(f"{metric.measure.key}: the answer has no rows")
        found: list[Resource] = []
        unreadable = 0
        for row in rows:
            try:
                sample = metric.read(row, span)
            except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
                unreadable += 1
                continue
            if sample is not None and (sample.value or metric.measure.zero):
                found.append(observation(sample, vendor=self._vendor.slug))
        if found and not self._device_told:
            found.insert(0, device(name=self._vendor.name))
            self._device_told = True
        problem = f"{metric.measure.key}: {unreadable} rows cannot be read"
        return Page(resources=tuple(found), problems=(problem,) if unreadable else ())

    def _ask(self, call: Call, *, what: str) -> Row:
        url = f"{self._link.api_base}{call.path}"
        headers = {"Accept": "application/json"}
        if call.body is None:
            response = ask(self._session, "GET", url, params=call.params, headers=headers)
        else:
            response = ask(
                self._session, "POST", url, params=call.params, json=call.body, headers=headers
            )
        now = self._now()
        check(response, now=now, what=what)
        body = parsed(response, what=what)
        error = self._vendor.complaint(body, what=what, now=now)
        if error is not None:
            raise error
        return body

    def _now(self) -> datetime:
        return self._began + timedelta(seconds=monotonic() - self._clock)


def parsed(response: requests.Response, *, what: str) -> Row:
    """A JSON object with its decimals kept as `Decimal`. Raises Malformed."""
    try:
        body = json.loads(response.content or b"{}", parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Malformed(f"{what}: the answer is not JSON") from None
    if not isinstance(body, dict):
        raise Malformed(f"{what}: the answer is not an object")
    return body
