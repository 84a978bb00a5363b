"""What a record refers to but no search by patient finds: practitioners, organizations, medications
and the like, and the documents behind attachments. Each is read once.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.address_policy import origin
from connectors.answer import check
from connectors.connector import Page, Resource
from connectors.errors import Malformed, Unavailable
from connectors.smart.page_text import whole
from connectors.smart.progress import mark
from connectors.smart.references import wanted
from connectors.smart.searchset import Server

ROUNDS = 4
"""A role names a practitioner, who has an organization, which is part of another: no further."""
GIVE_UP_AFTER = 3
"""So many failures in a row mean that the source is down."""
NOT_FOR_US = frozenset({400, 403, 404, 406, 410, 501})
PAGE_ENTRIES, PAGE_BYTES = 50, 4 * 1024 * 1024
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")


class Directory:
    """Collects references over a run and reads those that were not read before."""

    def __init__(self, server: Server, *, fhir_version: str) -> None:
        self._server = server
        self._version = fhir_version
        self._known: set[str] = set()
        self._pending: dict[str, None] = {}
        self._taken: list[str] = []
        self._owed: list[str] = []

    def remember(self, marks: Iterable[str]) -> None:
        """Marks of what earlier runs have read."""
        self._known.update(marks)

    def note(self, resources: Iterable[dict[str, Any]]) -> None:
        """Look through resources for references to read."""
        for resource in resources:
            self.owe(wanted(resource, bases=self._server.bases))

    def owe(self, targets: Iterable[str]) -> None:
        """`Type/id` or absolute URLs to read, unless known."""
        for target in targets:
            if mark(target) not in self._known:
                self._pending[target] = None

    def pages(self) -> Iterator[Page]:
        """Read what is pending. A single failure is told in `problems` and owed, not raised;
        RateLimited and the end of the grant are raised.
        """
        self._taken, self._owed = [], []
        failures = 0
        for _ in range(ROUNDS):
            targets, self._pending = list(self._pending), {}
            batch: list[Resource] = []
            problems: list[str] = []
            size = 0
            for target in targets:
                if failures >= GIVE_UP_AFTER:
                    self._owed.append(target)
                    continue
                try:
                    found = self._read(target)
                except (Unavailable, Malformed) as error:
                    failures += 1
                    self._owed.append(target)
                    problems.append(str(error))
                    continue
                failures = 0
                self._taken.append(target)
                self._known.add(mark(target))
                if found is not None:
                    batch.append(found)
                    size += len(found)
                if len(batch) >= PAGE_ENTRIES or size >= PAGE_BYTES:
                    yield Page(resources=tuple(batch))
                    batch, size = [], 0
            if batch or problems:
                yield Page(resources=tuple(batch), problems=tuple(problems))

    def taken(self) -> list[str]:
        """What the last `pages()` has dealt with."""
        return self._taken

    def owed(self) -> list[str]:
        """What the last `pages()` could not read now."""
        return [*self._owed, *self._pending]

    def _read(self, target: str) -> Resource | None:
        """A resource, or None where the source does not give it."""
        base, what = self._server.bases[0], target.partition("/")[0]
        url = f"{base}/{target}"
        if "://" in target:
            what = "Binary"
            if origin(target) != origin(base):
                return None
            url = target
        response = self._server.get(url)
        if response.status_code in NOT_FOR_US:
            return None
        check(response, now=self._server.now(), what=what)
        if what != "Binary":
            return self._resource(response, what)
        return self._binary(response, target)

    def _resource(self, response: requests.Response, what: str) -> Resource:
        entry = whole(response.content, what=what)
        if entry.value.get("resourceType") != what:
            raise Malformed(f"{what}: the answer is something else")
        self.note([entry.value])
        return entry.text

    def _binary(self, response: requests.Response, target: str) -> Resource:
        """A Binary as received, or a document itself wrapped into one."""
        kind = response.headers.get("Content-Type", "")
        if "json" in kind and b'"Binary"' in response.content[:4096]:
            return self._resource(response, "Binary")
        media = _MEDIA_TYPE.match(kind)
        ident = target if "://" in target else urlsplit(target).path.partition("/")[2]
        return {
            "resourceType": "Binary",
            "id": ident,
            "contentType": media.group() if media else "application/octet-stream",
            "data" if self._version == "r4" else "content": b64encode(response.content).decode(),
        }
