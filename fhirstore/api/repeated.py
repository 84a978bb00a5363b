"""Keys that stand twice in one JSON object: which of the two counts is not for us to guess."""

from __future__ import annotations

import json
import re
from typing import Any

_MEMBER = re.compile(rb'"(?:[^"\\]|\\.)*+"\s*+(:?)', re.DOTALL)


def repeated_key(text: bytes, parsed: Any) -> str:
    """The first key that an object of a JSON text repeats, "" for none. `parsed` is what the text
    says: it has fewer members then."""
    written = sum(1 for match in _MEMBER.finditer(text) if match[1])
    if written == _members(parsed):
        return ""
    try:
        json.loads(text, object_pairs_hook=_unique)
    except _Repeated as found:
        return found.key
    return ""


class _Repeated(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise _Repeated(key)
        made[key] = value
    return made


def _members(parsed: Any) -> int:
    found, nodes = 0, [parsed]
    while nodes:
        node = nodes.pop()
        if type(node) is dict:
            found += len(node)
            nodes.extend(node.values())
        elif type(node) is list:
            nodes.extend(node)
    return found
