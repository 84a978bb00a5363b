"""Compact paths compiled once to closures: from a resource to the values a search parameter looks
at.

A path is property names with a data type behind the colon
(fhirstore/search/definitions/condense.py). `[field=value]` keeps the elements whose field has that
value, `[0]` the first, `?Type` references to that type. Lists are walked into; whatever does not
have the expected shape is passed over, so that a malformed resource is indexed by what can be read
of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Walk = Callable[[Any, list[Any]], None]
Values = Callable[[dict[str, Any]], list[Any]]

SEGMENT = re.compile(r"(\w+)(?:\[(?:(\w+)=([^\]]*)|(\d+))\])?(?:\?(\w+))?")


def split_type(path: str) -> tuple[str, str]:
    """A path's property part and its data type."""
    names, _, kind = path.rpartition(":")
    return names, kind


def first_property(path: str) -> str:
    """The property of the resource that a path begins with."""
    return SEGMENT.match(path)[1]  # type: ignore[index]


@lru_cache(maxsize=4096)
def compile_path(names: str) -> Values:
    """The function that lists the values under a path (without its type), in document order."""
    segments = _segments(names)
    if len(segments) == 1 and not any(segments[0][1:]):
        return _values_of(segments[0][0])
    walk: Walk = _collect
    for name, field, value, index, target in reversed(segments):
        if target:
            walk = _only_target(target, walk)
        if field:
            walk = _where(field, value, walk)
        walk = _first(name, walk) if index else _property(name, walk)

    def values(resource: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        walk(resource, found)
        return found

    return values


def _values_of(name: str) -> Values:
    """The same of a property itself, as most paths are."""

    def values(resource: dict[str, Any]) -> list[Any]:
        child = resource.get(name) if type(resource) is dict else None
        if type(child) is list:
            return [item for item in child if item is not None]
        return [] if child is None else [child]

    return values


def _segments(names: str) -> list[tuple[str, ...]]:
    # The value of a condition may hold points (a url), so segments are found, not split.
    found = [m.groups(default="") for m in SEGMENT.finditer(names)]
    if ".".join(m[0] for m in SEGMENT.finditer(names)) != names:
        raise ValueError(f"not a path: {names}")
    return found


def _collect(node: Any, found: list[Any]) -> None:
    found.append(node)


def _property(name: str, walk: Walk) -> Walk:
    def step(node: Any, found: list[Any]) -> None:
        if type(node) is not dict:
            return
        child = node.get(name)
        if child is None:
            return
        if type(child) is list:
            for item in child:
                if item is not None:
                    walk(item, found)
        else:
            walk(child, found)

    return step


def _first(name: str, walk: Walk) -> Walk:
    def step(node: Any, found: list[Any]) -> None:
        children = node.get(name) if type(node) is dict else None
        if type(children) is list and children:
            walk(children[0], found)

    return step


def _where(field: str, value: str, walk: Walk) -> Walk:
    def step(node: Any, found: list[Any]) -> None:
        if type(node) is dict and node.get(field) == value:
            walk(node, found)

    return step


def _only_target(target: str, walk: Walk) -> Walk:
    prefix, inside = f"{target}/", f"/{target}/"

    def step(node: Any, found: list[Any]) -> None:
        reference = node.get("reference") if type(node) is dict else None
        if isinstance(reference, str) and (reference.startswith(prefix) or inside in reference):
            walk(node, found)

    return step
