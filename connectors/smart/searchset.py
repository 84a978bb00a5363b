"""One search, followed page by page, as safely as pages of strangers have to be followed.

Only links of the same origin are followed (the bearer token goes nowhere else), none twice; a
source that keeps answering what it has answered already is in a loop, whatever its links say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urljoin

import requests

from connectors.address_policy import origin
from connectors.answer import ask, check, http_date
from connectors.errors import ConnectorError, Malformed, Unavailable
from connectors.smart.complaint import complaint
from connectors.smart.page_text import Entry, PageText, cut

MOST_PAGES = 2000
REPEATS = 2
"""So many pages in a row without anything new are a loop."""


class Refused(Exception):
    """The server does not answer this question (400, 404, 405, 410, 501): another may do."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A FHIR server as a search needs it. `bases` are the spellings of its base, the one called
    first; `now()` is the present.
    """

    session: requests.Session
    bases: tuple[str, ...]
    headers: Mapping[str, str]
    now: Callable[[], datetime]

    def get(self, url: str) -> requests.Response:
        """GET with this server's headers, any status."""
        return ask(self.session, "GET", url, headers=self.headers)

    def callable_url(self, url: str, *, seen_at: str) -> str:
        """A link of an answer as the URL to call: relative ones resolved, canonical ones turned to
        the base that is really called. Raises Malformed when it leads to another origin.
        """
        absolute = urljoin(seen_at, url)
        called = self.bases[0]
        for base in self.bases[1:]:
            if absolute == base or absolute.startswith((f"{base}/", f"{base}?")):
                absolute = called + absolute[len(base) :]
        try:
            same = origin(absolute) == origin(called)
        except ValueError:
            same = False
        if not same:
            raise Malformed("a link to the next page leads to another origin")
        return absolute


class Searchset:
    """The pages of one query. After the first, `server_time` is the server's clock as it began."""

    def __init__(self, server: Server, rtype: str, params: Sequence[tuple[str, str]]) -> None:
        self.server_time: datetime | None = None
        self._server = server
        self._rtype = rtype
        self._url = f"{server.bases[0]}/{rtype}?{urlencode(params, safe=':|,')}"
        self._seen: dict[tuple[str, str], int] = {}
        self._trouble: ConnectorError | None = None

    def pages(self) -> Iterator[list[Entry]]:
        """The entries of each page, without outcomes and without what came before. Raises Refused
        where the first page is, and our errors; a failure reported inside a page is raised after
        all that was delivered.
        """
        url: str | None = self._url
        called: set[str] = set()
        repeats = 0
        while url is not None:
            if url in called or len(called) >= MOST_PAGES or repeats >= REPEATS:
                raise Malformed(f"{self._rtype}: the pages go round in a circle")
            called.add(url)
            page = self._page(url, first=len(called) == 1)
            entries = [entry for entry in page.entries if self._is_new(entry)]
            repeats = 0 if entries or not page.entries else repeats + 1
            yield entries
            url = self._next(page.members, url)
        if self._trouble is not None:
            raise self._trouble

    def _page(self, url: str, *, first: bool) -> PageText:
        response = self._server.get(url)
        now = self._server.now()
        if first:
            self.server_time = http_date(response.headers.get("Date", ""))
            if response.status_code in (400, 404, 405, 410, 501):
                raise Refused(f"{self._rtype}: HTTP {response.status_code}")
        elif response.status_code in (404, 410):  # what a server says of pages it has forgotten
            raise Unavailable(f"{self._rtype}: the source has dropped the next page")
        check(response, now=now, what=self._rtype)
        page = cut(response.content, what=self._rtype)
        kind = page.members.get("resourceType")
        if kind == "OperationOutcome":
            error = complaint(page.members, what=self._rtype, now=now)
            if error is not None:
                raise error
            return PageText(members={}, entries=())
        if kind != "Bundle":
            raise Malformed(f"{self._rtype}: the answer is not a Bundle")
        return page

    def _is_new(self, entry: Entry) -> bool:
        rtype = entry.value.get("resourceType")
        if entry.mode == "outcome" or rtype == "OperationOutcome":
            now = self._server.now()
            self._trouble = self._trouble or complaint(entry.value, what=self._rtype, now=now)
            return False
        ident = entry.value.get("id")
        if not isinstance(ident, str):
            return True
        key, content = (str(rtype), ident), hash(entry.text)
        if self._seen.get(key) == content:
            return False
        self._seen[key] = content
        return True

    def _next(self, members: dict[str, Any], url: str) -> str | None:
        target = link(members, "next")
        return None if target is None else self._server.callable_url(target, seen_at=url)


def link(members: dict[str, Any], relation: str) -> str | None:
    """A Bundle's link of this relation."""
    links = members.get("link")
    for row in links if isinstance(links, list) else []:
        if isinstance(row, dict) and row.get("relation") == relation:
            target = row.get("url")
            return target if isinstance(target, str) and target else None
    return None
