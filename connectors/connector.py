"""The protocol between the sync engine and whatever fetches: frozen dataclasses that cross the
border.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import requests

Resource = bytes | dict[str, Any]
"""A FHIR resource as received: its own bytes (so that numbers keep their digits) or a dict that we
built ourselves.
"""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A connection as a connector sees it; no model instance ever reaches one.

    `base` is the canonical FHIR base (or, for a wearable, `<resource_url>/user/<account>`) that ids
    are made from; `api_base` is the URL really called. `account` is the patient id at a hospital or
    the vendor's account id.
    """

    connection_id: int
    owner: int
    system_id: int
    kind: str  # "clinical" or "device"
    slug: str  # platform slug ("generic", "epic", ...) or vendor slug ("fitbit")
    base: str
    api_base: str
    fhir_version: str  # "dstu2", "stu3", "r4"; "any" for a device
    account: str
    scope: str
    connected_at: datetime


@dataclass(frozen=True, kw_only=True)
class Window:
    """One question to the source: a resource type (`Condition`) or a metric (`steps`), and the span
    asked, half open.

    `key` names the row of the ledger and its checkpoint; `start` is None for "all there is". A
    checkpoint speaks for its own window alone, whatever became of the others: a run may be killed
    after any.
    """

    key: str
    start: datetime | None = None
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Page:
    """One answer page: resources in the source's own ids and references. `checkpoint` is an opaque
    string the engine stores for the window's key once the whole window was answered (None: the
    window's end).
    """

    resources: tuple[Resource, ...]
    checkpoint: str | None = None
    problems: tuple[str, ...] = field(default=())


class Pull(Protocol):
    """One run over one connection. Stateful: it remembers what it saw (references to read, devices
    met) between windows.
    """

    def windows(self, *, checkpoints: Mapping[str, str], now: datetime) -> Sequence[Window]:
        """What to ask now, in order. Called once, before any fetch. May make requests through the
        session (discovery).
        """

    def fetch(self, window: Window) -> Iterator[Page]:
        """Yield the pages of one window. Raises ScopeMissing (this window only), or
        NeedsReauthorization, RateLimited, Unavailable, Malformed. A window that yields no page and
        raises nothing was answered empty.
        """


class Connector(Protocol):
    """A kind of outside system."""

    slug: str
    kind: str

    def open(self, link: Link, session: requests.Session, *, now: datetime) -> Pull:
        """Start a run. `session` carries the bearer token and the outbound policy."""
