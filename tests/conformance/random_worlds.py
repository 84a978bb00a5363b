"""Random small worlds: a handful of resources that refer to each other, of the types and elements
that the oracle knows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from tests.conformance import random_values as values
from tests.conformance.oracle.parameters import PARAMETERS, Parameter, Path

_STEP = re.compile(r"(\w+)(\*?)(?:\[(\w+)(=\w+)?\])?")


@dataclass
class Element:
    """What may lie at a place: values of a data type or further elements. `choice`: the element of
    which this is one form."""

    repeats: bool
    choice: str
    kind: str = ""
    targets: set[str] = field(default_factory=set)
    below: dict[str, Element] = field(default_factory=dict)


@lru_cache(maxsize=64)
def elements(version: str, rtype: str) -> dict[str, Element]:
    """The elements that the type's parameters look at."""
    top: dict[str, Element] = {}
    for parameter in PARAMETERS[version][rtype].values():
        for path in parameter.paths:
            _lay(top, parameter, path)
    return top


def _lay(top: dict[str, Element], parameter: Parameter, path: Path) -> None:
    place = top
    for step in path.steps:
        match = _STEP.fullmatch(step)
        assert match, step
        name, repeats, choice, filtered = match.groups()
        chosen = choice if choice and not filtered else ""
        element = place.setdefault(
            name + chosen, Element(repeats=bool(repeats), choice=name if chosen else "")
        )
        place = element.below
    if not element.kind or element.kind == "happened":
        element.kind = path.kind
    if path.kind == "happened" and path.steps[-1].endswith("[Boolean]"):
        element.kind = "boolean"
    if parameter.type == "reference":
        element.targets |= set(parameter.targets or PARAMETERS["r4"])


@st.composite
def contents(
    draw: st.DrawFn, version: str, place: dict[str, Element], there: list[str], most: int = 3
) -> Any:
    """Some of the elements at a place, filled; references lead to types that are `there`."""
    # What leads elsewhere is drawn more often: chains and inclusions live on it.
    often = [name for name in place if place[name].targets & set(there)]
    able = st.sampled_from([*sorted(place), *sorted(often) * 2])
    names = draw(st.lists(able, min_size=1, max_size=most, unique=True))
    found: dict[str, Any] = {}
    chosen: set[str] = set()
    for name in names:
        element = place[name]
        if element.choice:
            if element.choice in chosen:
                continue
            chosen.add(element.choice)
        if element.kind:
            known = element.targets & set(there)
            filling = values.of_kind(element.kind, version, sorted(known or element.targets))
        else:
            filling = contents(version, element.below, there)
        if element.repeats:
            filling = st.lists(filling, min_size=1, max_size=2)
        found[name] = draw(filling)
    return found


_meta = values.record(
    tag=values.maybe(st.lists(values.coding, min_size=1, max_size=2)),
    security=values.maybe(st.lists(values.coding, min_size=1, max_size=1)),
    profile=values.maybe(st.lists(st.sampled_from(values.URIS), min_size=1, max_size=1)),
)


@st.composite
def resources(draw: st.DrawFn, version: str, types: list[str]) -> dict[str, Any]:
    """One resource of one of the types."""
    rtype = draw(st.sampled_from(types))
    body = draw(contents(version, elements(version, rtype), types, most=9))
    meta = draw(st.none() | _meta)
    if draw(st.integers(0, 3)) == 0:
        body |= draw(_containing(version, rtype, types))
    return {
        "resourceType": rtype,
        "id": draw(st.sampled_from(values.IDS)),
        **({"meta": meta} if meta else {}),
        **body,
    }


@st.composite
def _containing(draw: st.DrawFn, version: str, rtype: str, types: list[str]) -> dict[str, Any]:
    """Members that contain a resource and refer to it: of a type that one of them may lead to."""
    place = elements(version, rtype)
    able = {
        name: sorted(element.targets & set(types))
        for name, element in place.items()
        if element.kind == "Reference" and element.targets & set(types)
    }
    if not able:
        return {}
    name = draw(st.sampled_from(sorted(able)))
    inner = draw(st.sampled_from(able[name]))
    held = draw(contents(version, elements(version, inner), types))
    value = {"reference": "#in"}
    return {
        name: [value] if place[name].repeats else value,
        "contained": [{"resourceType": inner, "id": "in", **held}],
    }


def _name(resource: dict[str, Any]) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]


@st.composite
def worlds(draw: st.DrawFn, version: str) -> list[dict[str, Any]]:
    """About ten resources of a few types, their numbers Decimal."""
    # Observations always may be there: most of the grammar is about them.
    others = st.lists(st.sampled_from(sorted(PARAMETERS[version])), max_size=2, unique=True)
    types = ["Observation", *draw(others)]
    one = resources(version, types)
    return draw(st.lists(one, min_size=8, max_size=14, unique_by=_name))
