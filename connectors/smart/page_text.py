"""A searchset page cut into its resources, each as the very text the server sent.

Parsing and writing a resource again would change it (`1.10` becomes `1.1`, members move); a record
is not ours to change. One pass of the C scanner over the page gives each entry's parsed value and
where its text begins and ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors.errors import Malformed


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_SPACE = re.compile(r"[ \t\n\r]*")
_decoder = json.JSONDecoder(parse_constant=_no_number)


@dataclass(frozen=True)
class Entry:
    """A resource of a page: its own bytes, the same parsed (to look at, not to keep), and the
    entry's `search.mode`, empty where none is given.
    """

    text: bytes
    value: dict[str, Any]
    mode: str


@dataclass(frozen=True)
class PageText:
    """A parsed page: its members without the entries, and the entries."""

    members: dict[str, Any]
    entries: tuple[Entry, ...]


def cut(body: bytes, *, what: str) -> PageText:
    """Cut a JSON page. Raises Malformed for anything that is not a JSON object in UTF-8."""
    try:
        text = body.decode("utf-8-sig")
        members: dict[str, Any] = {}
        entries: list[Entry] = []
        for key, value, start, _ in _members(text, _skip(text, 0), alone=True):
            if key == "entry" and isinstance(value, list):
                entries = [found for at in _items(text, start) if (found := _entry(text, at))]
            else:
                members[key] = value
    except (ValueError, IndexError, RecursionError):
        raise Malformed(f"{what}: the answer is not JSON") from None
    return PageText(members=members, entries=tuple(entries))


def whole(body: bytes, *, what: str) -> Entry:
    """A body that is one resource. Raises Malformed when it is no JSON object."""
    try:
        text = body.decode("utf-8-sig").strip()
        value = _decoder.decode(text)
    except (ValueError, RecursionError):
        raise Malformed(f"{what}: the answer is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed(f"{what}: the answer is not a resource")
    return Entry(text=text.encode(), value=value, mode="")


def _entry(text: str, at: int) -> Entry | None:
    resource, span, mode = None, "", ""
    for key, value, start, end in _members(text, at):
        if key == "resource":
            resource, span = value, text[start:end]
        elif key == "search" and isinstance(value, dict):
            mode = str(value.get("mode", ""))
    if not isinstance(resource, dict):
        return None
    return Entry(text=span.encode(), value=resource, mode=mode)


def _members(text: str, at: int, *, alone: bool = False) -> Iterator[tuple[str, Any, int, int]]:
    """Key, value, and start and end of the value, of each member of the object at `at`; `alone`:
    nothing may follow it.
    """
    if text[at] != "{":
        raise ValueError("not an object")
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _decoder.raw_decode(text, at)
        if not isinstance(key, str):
            raise ValueError("a key is not a string")
        at = _skip(text, at)
        if text[at] != ":":
            raise ValueError("no colon")
        start = _skip(text, at + 1)
        value, end = _decoder.raw_decode(text, start)
        yield key, value, start, end
        at = _next(text, end, "}")
    if alone and _skip(text, at + 1) != len(text):
        raise ValueError("something follows the object")


def _items(text: str, at: int) -> Iterator[int]:
    """Where each object of the array at `at` begins; other items are passed over."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        value, end = _decoder.raw_decode(text, at)
        if isinstance(value, dict):
            yield at
        at = _next(text, end, "]")


def _next(text: str, at: int, closing: str) -> int:
    at = _skip(text, at)
    if text[at] == ",":
        at = _skip(text, at + 1)
        if text[at] == closing:
            raise ValueError("a comma too many")
        return at
    if text[at] != closing:
        raise ValueError("neither comma nor end")
    return at


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
