"""References inside the resources and patches of a transaction: to the `fullUrl` of another entry,
and conditional ones ("Patient?identifier=1")."""

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

    for holder, key, name, value in _texts(body):
        if name in _POINTING:
            holder[key] = where(value)
        elif name == "div" and targets:
            holder[key] = _LINK.sub(link, value)


def conditions(body: Any) -> set[tuple[str, str]]:
    """The (type, search) of the conditional references in a body."""
    return {
        (match[1], match[2])
        for _, _, name, value in _texts(body)
        if name == "reference" and (match := _conditional(value))
    }


def fill(body: Any, resolve: Callable[[str, str], str | None]) -> None:
    """Replace conditional references in place by what `resolve` makes of type and search; None
    leaves one as it is."""
    for holder, key, name, value in _texts(body):
        if name == "reference" and (match := _conditional(value)):
            holder[key] = resolve(match[1], match[2]) or value


def _conditional(text: str) -> re.Match[str] | None:
    match = _CONDITIONAL.fullmatch(text)
    return match if match and match[1] in NUMBERS else None


def _texts(body: Any) -> Iterator[tuple[dict[str, Any], str, str, str]]:
    """Every text member of the objects in a body: the object, the member's key, the name of the
    element that it is the text of, the text."""
    changed = _changed(body)
    stack = [body]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack.extend(here)
        elif isinstance(here, dict):
            for key, value in list(here.items()):
                if not isinstance(value, str):
                    stack.append(value)
                elif key.startswith("value") and id(here) in changed:
                    yield here, key, changed[id(here)], value
                else:
                    yield here, key, key, value


def _changed(body: Any) -> dict[int, str]:
    """The objects of a patch that hold the values it writes, and the elements these are of."""
    found: dict[int, str] = {}
    if isinstance(body, list):
        for operation in filter(_is_object, body):
            found[id(operation)] = str(operation.get("path")).rpartition("/")[2]
    elif isinstance(body, dict) and body.get("resourceType") == "Parameters":
        for operation in filter(_is_object, _list(body.get("parameter"))):
            parts = {p.get("name"): p for p in filter(_is_object, _list(operation.get("part")))}
            if "value" in parts:
                said = parts.get("name", parts.get("path", {})).get("valueString")
                found[id(parts["value"])] = str(said).rpartition(".")[2]
    return found


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
