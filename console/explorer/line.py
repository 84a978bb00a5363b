"""The explorer's request line: what a person types, as an address of the FHIR API."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from fhirstore.api.printable import printable
from fhirstore.rtypes import BY_LOWER_CASE
from fhirstore.search.request import UNREPEATED, Pair, read_pairs

VERSIONS = {"dstu2": "DSTU2", "stu3": "STU3", "r4": "R4"}
LONGEST = 4000
EXPLAIN = "_explain"

_METHOD = re.compile(r"([A-Za-z]+)\s+(?=\S)")
_BELOW = re.compile(r"/?(?P<fhir>fhir/)?(?P<version>dstu2|stu3|r4)(?P<path>/.*)?", re.I | re.S)


class BadLine(ValueError):
    """What was typed is no address that can be read; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """`GET {prefix}{path}?{query}`. `path` is empty or begins with a slash."""

    version: str
    prefix: str
    path: str
    query: str

    def __str__(self) -> str:
        address = f"{self.prefix}{self.path}"
        return f"{address}?{self.query}" if self.query else address

    @property
    def url(self) -> str:
        """The whole address, as an app calls it."""
        return f"{settings.HOSTS['api']}{self}"

    @property
    def pairs(self) -> list[Pair]:
        return read_pairs(self.query)

    @property
    def rtype(self) -> str:
        """The type that is searched; empty where the line is no search of a type."""
        name = self.path.strip("/")
        return BY_LOWER_CASE.get(name.lower(), "")

    def in_version(self, version: str) -> Line:
        """The same in another FHIR version; a page of one version's links is left behind."""
        query = "&".join(p.raw for p in self.pairs if p.name not in ("_after", "_afterid"))
        return Line(version=version, prefix=f"/fhir/{version}", path=self.path, query=query)

    def without(self, pair: Pair) -> Line:
        """The same without one parameter."""
        return self._of([p.raw for p in self.pairs if p != pair])

    @property
    def explained(self) -> bool:
        """Whether the answer shall tell how it came about."""
        return any(p.name == EXPLAIN and p.value == "true" for p in self.pairs)

    def explain(self, wanted: bool) -> Line:
        """The same with `_explain=true`, or without."""
        pieces = [p.raw for p in self.pairs if p.name != EXPLAIN]
        return self._of([*pieces, f"{EXPLAIN}=true"] if wanted else pieces)

    def _of(self, pieces: list[str]) -> Line:
        return replace(self, query="&".join(pieces))


def read_line(text: str, *, version: str) -> Line:
    """What was typed: "GET /fhir/r4/Observation?code=1", a whole URL of ours, "Observation" in the
    `version` chosen. A token in it is left out. Raises BadLine."""
    text = text.strip()
    if "\0" in text or len(text) > LONGEST:
        raise BadLine(
            _("The request is longer than %(longest)d characters.") % {"longest": LONGEST}
        )
    if found := _METHOD.match(text):
        if found[1].upper() != "GET":
            raise BadLine(
                _("The explorer only reads. Send %(method)s from your own server.")
                % {"method": found[1].upper()}
            )
        text = text[found.end() :]
    path, _mark, query = _without_host(text).partition("?")
    query = query.partition("#")[0]
    below = _BELOW.fullmatch(path)
    if below and (below["path"] or below["fhir"] or path.startswith("/")):
        version = below["version"].lower()
        prefix = f"/fhir/{version}" if below["fhir"] else f"/{version}"
        path = below["path"] or ""
    else:
        prefix, path = f"/fhir/{version}", f"/{path.lstrip('/')}" if path.strip("/") else ""
    kept = [pair.raw for pair in read_pairs(query) if pair.name not in UNREPEATED]
    return Line(
        version=version,
        prefix=prefix,
        path=quote(path, safe="/%$:.~+-_", errors="replace"),
        query=printable("&".join(kept)),
    )


def _without_host(text: str) -> str:
    if "://" not in text.partition("?")[0]:
        return text
    for ours in {settings.PUBLIC_BASE_URL, *settings.HOSTS.values()}:
        if text == ours or text.startswith((f"{ours}/", f"{ours}?")):
            return text.removeprefix(ours) or "/"
    raise BadLine(
        _("%(host)s is another server. Addresses here begin with %(ours)s.")
        % {"host": urlsplit(text).netloc or text[:60], "ours": settings.HOSTS["api"]}
    )
