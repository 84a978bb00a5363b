"""A whole search: every resource is asked every question."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.conformance.oracle import dates, numbers, strings, tokens
from tests.conformance.oracle.clauses import clause, referred
from tests.conformance.oracle.elements import values
from tests.conformance.oracle.escapes import Unreadable
from tests.conformance.oracle.parameters import PARAMETERS, Parameter
from tests.conformance.oracle.world import Resource, World, name_of

Pair = tuple[str, str]


@dataclass(frozen=True)
class Found:
    """The matches in order, and which pairs had no effect."""

    matches: list[Resource]
    ignored: list[str]


CONTROLS = ("_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude")


def search(world: World, rtype: str, pairs: list[Pair]) -> Found:
    """The matches of a type search, all pages. Raises `Unreadable`."""
    questions, ignored = [], []
    for name, value in pairs:
        if name.partition(":")[0] in CONTROLS:
            continue
        question = clause(world, rtype, name, value)
        if question:
            questions.append(question)
        else:
            ignored.append(name)
    matches = [r for r in world.of(rtype) if all(question(r) for question in questions)]
    keys = [key for name, value in pairs if name == "_sort" for key in value.split(",")]
    return Found(_sorted(world, rtype, matches, keys), ignored)


def _sorted(world: World, rtype: str, matches: list[Resource], keys: list[str]) -> list[Resource]:
    """By the keys in turn, what has no value last; at the end by id. Our choice: where the moment
    of the last change is all that is asked for, backwards where that is."""
    ordered = sorted(matches, key=lambda r: str(r["id"]))
    if keys and set(keys) <= {"_id", "_lastUpdated", "-_lastUpdated"} and keys[-1][0] == "-":
        ordered.reverse()
    for key in reversed(keys):
        name = key.removeprefix("-")
        descending = key != name
        parameter = world.parameter(rtype, name)
        if parameter is None:
            continue
        valued = {id(r): sort_values(world, parameter, r) for r in ordered}
        having = [r for r in ordered if valued[id(r)]]
        without = [r for r in ordered if not valued[id(r)]]
        if descending:  # stable: equal ones keep their order
            having.sort(key=lambda r: max(valued[id(r)]))
            having = _reversed(having, [max(valued[id(r)]) for r in having])
        else:
            having.sort(key=lambda r: min(valued[id(r)]))
        ordered = having + without
    return ordered


def ties(world: World, rtype: str, matches: list[Resource], key: str) -> list[set[str]]:
    """The ids of matches in the order of one key; what it does not tell apart is one set."""
    parameter = world.parameter(rtype, key.removeprefix("-"))
    assert parameter, key
    take = max if key.startswith("-") else min
    groups: list[tuple[Any, set[str]]] = []
    for resource in _sorted(world, rtype, matches, [key]):
        held = sort_values(world, parameter, resource)
        by = take(held) if held else None
        if not groups or groups[-1][0] != by:
            groups.append((by, set()))
        groups[-1][1].add(resource["id"])
    return [ids for _, ids in groups]


def _reversed(resources: list[Resource], by: list[Any]) -> list[Resource]:
    groups: list[list[Resource]] = []
    for at, resource in enumerate(resources):
        if at and by[at] == by[at - 1]:
            groups[-1].append(resource)
        else:
            groups.append([resource])
    return [resource for group in reversed(groups) for resource in group]


def sort_values(world: World, parameter: Parameter, resource: Resource) -> list[Any]:
    """What a resource is ordered by: of several the smallest ascending, the largest descending. A
    time by its beginning."""
    found: list[Any] = []
    if parameter.type == "id":
        return [resource["id"]]
    for kind, value in values(resource, parameter.paths):
        match parameter.type:
            case "date":
                found += [low for low, _ in dates.spans(kind, value)]
            case "number":
                found.append(Fraction(str(value)))
            case "quantity":
                found += numbers.beginning(kind, value)
            case "string":
                found += [strings.folded(text) for text in strings.texts(kind, value)]
            case "token":
                found += [code.casefold() for _, code in tokens.codes(kind, value)]
            case "uri":
                found.append(value)
            case "reference":
                said = value if isinstance(value, str) else value.get("reference")
                found += [said.casefold()] if said else []
    return found


def included(world: World, page: list[Resource], pairs: list[Pair]) -> list[Resource]:
    """What `_include` and `_revinclude` add to a page of matches: each once, none that is a match
    of the page; `:iterate` goes on from what was added."""
    added: dict[str, Resource] = {}
    have = {name_of(r) for r in page}
    frontier = list(page)
    first = True
    while frontier:
        fresh: list[Resource] = []
        for name, value in pairs:
            way, _, modifier = name.partition(":")
            if way not in ("_include", "_revinclude") or not (first or modifier):
                continue
            reached = _included if way == "_include" else _revincluded
            for resource in reached(world, frontier, value):
                if name_of(resource) not in have:
                    have.add(name_of(resource))
                    added[name_of(resource)] = resource
                    fresh.append(resource)
        frontier, first = fresh, False
    return [added[name] for name in sorted(added)]


def _read(value: str) -> tuple[str, str, str]:
    parts = value.split(":")
    if len(parts) not in (2, 3):
        raise Unreadable("_include")
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def _parameters(world: World, rtype: str, code: str) -> list[Parameter]:
    if code == "*":
        known = (world.parameter(rtype, code) for code in _codes(world, rtype))
        return [p for p in known if p and p.type == "reference"]
    parameter = world.parameter(rtype, code)
    if parameter is None or parameter.type != "reference":
        raise Unreadable("_include")
    return [parameter]


def _codes(world: World, rtype: str) -> list[str]:
    return list(PARAMETERS[world.version].get(rtype, {}))


def _referred(world: World, parameter: Parameter, resource: Resource) -> list[Resource]:
    allowed = parameter.targets
    return [
        r
        for r in referred(world, parameter, resource)
        if not allowed or r["resourceType"] in allowed
    ]


def _included(world: World, page: list[Resource], value: str) -> list[Resource]:
    if value == "*":
        source, code, only = "", "*", ""
    else:
        source, code, only = _read(value)
    found = []
    for resource in page:
        if source and resource["resourceType"] != source:
            continue
        for parameter in _parameters(world, resource["resourceType"], code):
            found += [
                met
                for met in _referred(world, parameter, resource)
                if only in ("", met["resourceType"])
            ]
    return found


def _revincluded(world: World, page: list[Resource], value: str) -> list[Resource]:
    source, code, only = _read(value)
    names = {name_of(r) for r in page if only in ("", r["resourceType"])}
    return [
        resource
        for resource in world.of(source)
        if any(
            name_of(target) in names
            for parameter in _parameters(world, source, code)
            for target in _referred(world, parameter, resource)
        )
    ]
