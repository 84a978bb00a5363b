"""One pair of a search as a question to a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.oracle import dates, numbers, references, strings, tokens, uris
from tests.conformance.oracle.elements import nodes, values
from tests.conformance.oracle.escapes import Unreadable, plain, split
from tests.conformance.oracle.parameters import PARAMETERS, Parameter, Part
from tests.conformance.oracle.world import Resource, World, name_of

Question = Callable[[Resource], bool]

MODIFIERS = {
    "token": ("not", "text", "in", "not-in", "of-type"),
    "string": ("exact", "contains"),
    "reference": ("identifier",),
    "uri": ("below", "above"),
}

TYPES = {
    name
    for types in PARAMETERS.values()
    for rtype, parameters in types.items()
    for name in (rtype, *(target for p in parameters.values() for target in p.targets))
}
"""The types that this oracle has heard of."""


def clause(world: World, rtype: str, name: str, value: str) -> Question | None:
    """What `name=value` asks of a resource of the type; None where the type has no such parameter
    or nothing is asked. Raises `Unreadable`."""
    if name.startswith("_has:"):
        return _has(world, name, value)
    if name == "_list":
        return _listed(world, [part for part in split(value, ",") if part])
    first, dot, rest = name.partition(".")
    code, _, modifier = first.partition(":")
    parameter = world.parameter(rtype, code)
    if parameter is None:
        return None
    if dot:
        return _chain(world, parameter, modifier, rest, value)
    asked = [part for part in split(value, ",") if part]
    if modifier == "missing":
        if value not in ("true", "false"):
            raise Unreadable(code)
        return lambda resource: _present(world, parameter, resource) != (value == "true")
    if modifier and not _known(parameter, modifier):
        raise Unreadable(code)
    for one in asked:
        _check(parameter, modifier, one)
    if not asked and value:
        raise Unreadable(code)
    if not asked:
        return None
    if modifier in ("not", "not-in"):
        plainly = "in" if modifier == "not-in" else ""
        return lambda r: not any(_meets(world, parameter, plainly, one, r) for one in asked)
    return lambda r: any(_meets(world, parameter, modifier, one, r) for one in asked)


def _known(parameter: Parameter, modifier: str) -> bool:
    if parameter.type == "reference" and modifier in TYPES:
        return True
    if modifier == "of-type" and "Identifier" not in {path.kind for path in parameter.paths}:
        return False
    return modifier in MODIFIERS.get(parameter.type, ())


def _check(parameter: Parameter, modifier: str, value: str) -> None:
    """Can the value be read at all?"""
    if parameter.type == "composite":
        parts = split(value, "$")
        if len(parts) != len(parameter.parts):
            raise Unreadable(parameter.code)
        for part, text in zip(parameter.parts, parts, strict=True):
            _check(Parameter(parameter.code, part.type), "", text)
    elif parameter.type == "token" and modifier in ("", "not"):
        tokens.read(parameter.code, value)
    elif parameter.type == "token" and modifier == "of-type":
        tokens.match_of_type(parameter.code, {}, value)
    elif parameter.type == "date":
        dates.read(parameter.code, value)
    elif parameter.type == "number":
        numbers.match_number(parameter.code, 0, value)
    elif parameter.type == "quantity":
        numbers.match_quantity(parameter.code, "Quantity", {}, value)


def _present(world: World, parameter: Parameter, resource: Resource) -> bool:
    found = values(resource, parameter.paths)
    if parameter.type == "reference" and parameter.code in OF_ONE_TYPE:
        return any(_targets(world, parameter, value) for _, value in found)
    return bool(found)


OF_ONE_TYPE = ("patient", "practitioner")
"""Parameters that see only the references to that type: `where(resolve() is Patient)`."""


def _targets(world: World, parameter: Parameter, value: Any) -> list[str]:
    held = references.target(value, world.bases)
    if held is None:
        return []
    if parameter.code in OF_ONE_TYPE and references.type_of(held) not in parameter.targets:
        return []
    return [held]


def referred(world: World, parameter: Parameter, resource: Resource) -> list[Resource]:
    """What a resource refers to by a parameter."""
    found: list[Resource] = []
    for _, value in values(resource, parameter.paths):
        if isinstance(value, str):
            found += world.canonical(value)
        else:
            met = [world.get(target) for target in _targets(world, parameter, value)]
            found += [r for r in met if r]
    return found


def _meets(
    world: World, parameter: Parameter, modifier: str, asked: str, resource: Resource
) -> bool:
    """Has the resource a value that the one asked for fits?"""
    if parameter.type == "id":
        return bool(resource["id"] == plain(asked))
    if parameter.type == "composite":
        texts = split(asked, "$")
        elements = [node for root in parameter.roots for node in nodes(resource, root)]
        return any(
            all(
                _part(world, parameter, part, text, element)
                for part, text in zip(parameter.parts, texts, strict=True)
            )
            for element in elements
        )
    if parameter.code == "deceased":
        happened = any(value is not False for _, value in values(resource, parameter.paths))
        return tokens.match(parameter.code, "boolean", happened, asked)
    return any(
        _value(world, parameter, modifier, asked, kind, value)
        for kind, value in values(resource, parameter.paths)
    )


def _part(world: World, parameter: Parameter, part: Part, text: str, element: Any) -> bool:
    alone = Parameter(parameter.code, part.type, part.paths)
    return any(
        _value(world, alone, "", text, kind, value) for kind, value in values(element, part.paths)
    )


def _value(
    world: World, parameter: Parameter, modifier: str, asked: str, kind: str, value: Any
) -> bool:
    """One value of the resource against one that was asked for."""
    code = parameter.code
    match parameter.type, modifier:
        case "token", "text":
            return tokens.match_text(kind, value, asked)
        case "token", "of-type":
            return tokens.match_of_type(code, value, asked)
        case "token", "in":
            return _in(world, kind, value, plain(asked))
        case "token", _:
            return tokens.match(code, kind, value, asked)
        case "string", _:
            return strings.match(kind, value, modifier, plain(asked))
        case "date", _:
            return dates.match(code, kind, value, asked, world.now)
        case "number", _:
            return numbers.match_number(code, value, asked)
        case "quantity", _:
            return numbers.match_quantity(code, kind, value, asked)
        case "uri", _:
            return uris.match(value, modifier, plain(asked))
        case "reference", "identifier":
            return references.match_identifier(code, value, asked)
    if isinstance(value, str):
        return references.match_canonical(value, parameter.targets, asked, world.bases)
    return any(
        references.match(
            held,
            references.precise(value, world.bases),
            parameter.targets,
            modifier,
            asked,
            world.bases,
        )
        for held in _targets(world, parameter, value)
    )


def _in(world: World, kind: str, value: Any, asked: str) -> bool:
    """`:in`: one of the value's codes is in the ValueSet of that url or id. A mere code has no
    system: what it is bound to says it."""
    listed = _members(world, asked)
    if kind not in ("CodeableConcept", "Coding", "Identifier"):
        listed = [("", code) for _, code in listed if code is not None]
    return any(tokens.fits(held, member) for held in tokens.codes(kind, value) for member in listed)


def _members(world: World, asked: str) -> list[tokens.Member]:
    return [
        member
        for value_set in world.of("ValueSet")
        if asked in (value_set.get("url"), name_of(value_set))
        for member in tokens.members(value_set, lambda url: _members(world, url))
    ]


def _listed(world: World, asked: list[str]) -> Question:
    """`_list`: what the Lists of these ids hold."""
    item = world.parameter("List", "item")
    assert item
    wanted = [plain(one).removeprefix("List/") for one in asked]
    held = [
        r for one in world.of("List") if one["id"] in wanted for r in referred(world, item, one)
    ]
    return lambda resource: any(resource is one for one in held)


def _chain(
    world: World, parameter: Parameter, modifier: str, rest: str, value: str
) -> Question | None:
    """`subject:Patient.name=x`: what refers to a resource that meets the rest."""
    if parameter.type != "reference" or (modifier and not modifier[:1].isupper()):
        raise Unreadable(parameter.code)
    reachable = [modifier] if modifier else list(parameter.targets) or world.types()
    further = {rtype: clause(world, rtype, rest, value) for rtype in reachable}
    asked = {rtype: question for rtype, question in further.items() if question}
    if not asked:
        return None

    inward = not rest.startswith(("_has:", *OF_STORED))

    def refers(resource: Resource) -> bool:
        met = referred(world, parameter, resource)
        if inward:
            met = [*met, *_contained(parameter, resource)]
        return any(r["resourceType"] in asked and asked[r["resourceType"]](r) for r in met)

    return refers


OF_STORED = ("_id", "_lastUpdated", "_list", "_text", "_content")
"""What is not asked of contained resources."""


def _contained(parameter: Parameter, resource: Resource) -> list[Resource]:
    """The contained resources that a resource refers to; those lie beside one another."""
    held = resource.get("contained", [])
    named = [
        value["reference"]
        for _, value in values(resource, parameter.paths)
        if isinstance(value, dict) and value.get("reference", "").startswith("#")
    ]
    return [{**one, "contained": held} for one in held if f"#{one.get('id')}" in named]


def _has(world: World, name: str, value: str) -> Question | None:
    """`_has:Observation:patient:code=x`: what such a resource refers to."""
    parts = name.split(":", 3)
    if len(parts) != 4:
        raise Unreadable("_has")
    _, rtype, code, rest = parts
    parameter = world.parameter(rtype, code)
    if parameter is None or parameter.type != "reference":
        raise Unreadable("_has")
    question = clause(world, rtype, rest, value)
    if question is None:
        return None

    def named(resource: Resource) -> bool:
        return any(
            resource is found
            for source in world.of(rtype)
            if question(source)
            for found in referred(world, parameter, source)
        )

    return named
