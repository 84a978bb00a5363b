"""References inside the resources of a transaction: to the `fullUrl` of another entry, and
conditional ones ("Patient?identifier=1")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhirstore.rtypes import NUMBERS

_POINTING = (
    "reference",
    "url",
    "uri",
    "valueUri",
    "valueUrl",
    "valueCanonical",
    "valueOid",
    "valueUuid",
)
_LINK = re.compile(r"""((?:href|src)\s*=\s*)(["'])([^"'<>]*)\2""")
_RESOURCE = re.compile(r"(https?://.+/)[A-Z][A-Za-z]*/[A-Za-z0-9\-.]+")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]*)\?(.+)", re.DOTALL)


def point(body: Any, targets: Mapping[str, str], *, full_url: str = "") -> None:
    """Replace what points to a `fullUrl` by its "Type/id", in place: references, urls, and links in
    narrative. A relative reference is read against the body's own `full_url`."""
    base = _RESOURCE.fullmatch(full_url)
    root = base[1] if base else ""

    def where(text: str) -> str:
        return targets.get(text) or (targets.get(root + text) if root else None) or text

    def link(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}{where(match[3])}{match[2]}"

    for holder, name, value in _texts(body):
        if name in _POINTING:
            holder[name] = where(value)
        elif name == "div" and targets:
            holder[name] = _LINK.sub(link, value)


def conditions(body: Any) -> set[tuple[str, str]]:
    """The (type, search) of the conditional references in a body."""
    return {
        (match[1], match[2])
        for _, name, value in _texts(body)
        if name == "reference" and (match := _conditional(value))
    }


def fill(body: Any, resolve: Callable[[str, str], str | None]) -> None:
    """Replace conditional references in place by what `resolve` makes of type and search; None
    leaves one as it is."""
    for holder, name, value in _texts(body):
        if name == "reference" and (match := _conditional(value)):
            holder[name] = resolve(match[1], match[2]) or value


def _conditional(text: str) -> re.Match[str] | None:
    match = _CONDITIONAL.fullmatch(text)
    return match if match and match[1] in NUMBERS else None


def _texts(body: Any) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Every text member of the objects in a body: the object, its name, the text."""
    stack = [body]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack.extend(here)
        elif isinstance(here, dict):
            for name, value in list(here.items()):
                if isinstance(value, str):
                    yield here, name, value
                else:
                    stack.append(value)
