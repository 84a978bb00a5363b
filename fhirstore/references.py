"""References of an imported resource, from the source's ids to ours (wire contract 12.6).

Because ids are computable, a reference can be rewritten before its target has arrived.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from fhirstore.rtypes import NUMBERS

_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-._~]{1,256})(?:/_history/[^/]+)?")

UNKNOWN = -1
REFERENCE = b'"reference"'
"""How the member that holds a reference is printed."""

Resolve = Callable[[str, str], str]
"""From a target's type and source id to our public id."""


class Bases:
    """The URLs under which one source speaks of itself."""

    def __init__(self, bases: Sequence[str]) -> None:
        self._bases = tuple(_canonical(base) for base in bases if base)
        self._told: dict[str, tuple[str, str] | None] = {}

    def own(self, reference: str) -> tuple[str, str] | None:
        """(type, source id) of a reference to this source; None for any other: contained, `urn:`,
        another server, a canonical."""
        try:
            return self._told[reference]
        except KeyError:
            told = self._told[reference] = self._read(reference)
            return told

    def _read(self, reference: str) -> tuple[str, str] | None:
        if "://" in reference:
            full = _canonical(reference)
            base = next((b for b in self._bases if full.startswith(f"{b}/")), None)
            if base is None:
                return None
            reference = full[len(base) + 1 :]
        match = _RELATIVE.fullmatch(reference)
        return (match[1], match[2]) if match and match[1] in NUMBERS else None


def _canonical(url: str) -> str:
    """Scheme and host in lower case, without the scheme's own port or a slash at the end."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    port = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    if port:
        host = host.removesuffix(port)
    rest = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}{rest}"


def count(text: bytes) -> int:
    """How many references a resource may have at most, from its JSON; `UNKNOWN` where that cannot
    be told without reading it."""
    return UNKNOWN if b"\\u" in text else text.count(REFERENCE)


class Rewritten(dict[str, str]):
    """What each reference becomes: one to the same source relative, with our id, any other stays as
    it is. Each is worked out once."""

    def __init__(self, bases: Bases, resolve: Resolve) -> None:
        super().__init__()
        self._bases, self._resolve = bases, resolve

    def __missing__(self, reference: str) -> str:
        own = self._bases.own(reference)
        told = self[reference] = f"{own[0]}/{self._resolve(*own)}" if own else reference
        return told


def rewrite(node: Any, rewritten: Rewritten, *, most: int = UNKNOWN) -> None:
    """Rewrite the references of a resource in place. Contained resources are left as they are.
    `most`: there are at most so many, as `count` told."""
    if not most:
        return
    nodes = [node]
    while nodes:
        node = nodes.pop()
        if type(node) is dict:
            for key, value in node.items():
                kind = type(value)
                if kind is dict or kind is list:
                    if key != "contained":
                        nodes.append(value)
                elif key == "reference" and kind is str:
                    node[key] = rewritten[value]
                    most -= 1
                    if not most:
                        return
        elif type(node) is list:
            nodes.extend(node)
