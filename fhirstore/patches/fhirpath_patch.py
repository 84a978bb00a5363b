"""FHIRPath Patch (hl7.org/fhir/R4/fhirpatch.html): a Parameters resource whose parameters are
operations, carried out in their order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fhirstore import structures
from fhirstore.errors import InvalidRequest, Unprocessable
from fhirstore.patches import places
from fhirstore.patches.places import Place

MOST = 200
"""Operations in one patch; each evaluates a path."""
MOST_WRITTEN, MOST_LOOKED_AT = 10_000, 3_000_000
"""Characters of all paths of a patch, of which each takes up to a millisecond to read; and those
times the elements of the resource, of which up to half a million are looked at in a second."""
_LAST = re.compile(r"(?s)(.+)\.([A-Za-z]+)")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation, of the resource of one version. `part` are its parameters by name."""

    version: str
    resource: dict[str, Any]
    part: dict[str, dict[str, Any]]

    def text(self, name: str) -> str:
        """A parameter that is a string, in whichever of FHIR's types."""
        for kind in ("String", "Code", "Uri", "Id", "Markdown"):
            value = self.part.get(name, {}).get(f"value{kind}")
            if isinstance(value, str) and value:
                return value
        raise InvalidRequest(f"the operation has no {name}")

    def number(self, name: str) -> int:
        """A parameter that is a position in a list."""
        part = self.part.get(name, {})
        for kind in ("Integer", "UnsignedInt", "PositiveInt"):
            value = part.get(f"value{kind}")
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                return value
        raise InvalidRequest(f"the operation has no {name}, a whole number")

    def found(self) -> list[Place]:
        """What the operation's path names."""
        return places.find(self.resource, self.text("path"), version=self.version)

    def one(self) -> Place:
        """The one element that the path must name."""
        found = self.found()
        if len(found) != 1:
            raise Unprocessable(f"the path must name one element and names {len(found)}")
        return found[0]

    def value(self, kind: str, name: str) -> tuple[str, Any]:
        """The JSON property of the element `name` below `kind` that the parameter `value` makes,
        and what it holds."""
        part = self.part.get("value")
        if part is None:
            raise InvalidRequest("the operation has no value")
        typed, held = _content(part, structures_path=f"{kind}.{name}", version=self.version)
        known = structures.properties(self.version, kind)
        name = name.removesuffix("[x]")
        choice = f"{name}{typed}"
        if name in known:
            return name, held
        if choice in known:
            return choice, held
        raise Unprocessable(f"there is no element {name} of that type to be set")


def apply(resource: dict[str, Any], parameters: Any, *, version: str) -> dict[str, Any]:
    """The resource with the operations carried out, changed in place.

    Raises InvalidRequest where the patch is none, Unprocessable where an operation cannot be
    carried out.
    """
    if not isinstance(parameters, dict) or parameters.get("resourceType") != "Parameters":
        raise InvalidRequest("a FHIRPath Patch is a Parameters resource")
    listed = parameters.get("parameter", [])
    if not isinstance(listed, list) or len(listed) > MOST:
        raise InvalidRequest(f"a patch is a list of {MOST} operations at most")
    written = looked_at = 0
    for place, entry in enumerate(listed):
        try:
            part = _parts(entry)
            operation = Operation(version=version, resource=resource, part=part)
            act = _OPERATIONS.get(operation.text("type"))
            if act is None:
                raise InvalidRequest("the operation's type is add, insert, delete, replace or move")
            written += len(operation.text("path"))
            looked_at += len(operation.text("path")) * _elements(resource)
            if written > MOST_WRITTEN or looked_at > MOST_LOOKED_AT:
                raise InvalidRequest("the paths of the patch take too long; send a JSON Patch")
            act(operation)
        except (InvalidRequest, Unprocessable) as error:
            error.text = f"operation {place} of the patch: {error.text}"
            raise
    return resource


def _elements(resource: Any) -> int:
    found, nodes = 0, [resource]
    while nodes:
        node = nodes.pop()
        below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        found += len(below)
        nodes.extend(below)
    return found


def _parts(entry: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(entry, dict) or entry.get("name") != "operation":
        raise InvalidRequest("each parameter of a patch is an operation")
    parts = entry.get("part")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise InvalidRequest("an operation has a list of parts")
    return {part["name"]: part for part in parts if isinstance(part.get("name"), str)}


def _content(part: dict[str, Any], *, structures_path: str, version: str) -> tuple[str, Any]:
    """The type (as a choice spells it) and the content of a `value`: of an element without a type
    of its own it is given in parts, which may have parts again."""
    for key, held in part.items():
        if key.startswith("value") and key != "value":
            return key.removeprefix("value"), held
    if "resource" in part:
        return "Resource", part["resource"]
    parts = part.get("part")
    if not isinstance(parts, list):
        raise InvalidRequest("the operation's value has no content")
    at = _described_at(structures_path, version)
    known = structures.properties(version, at)
    made: dict[str, Any] = {}
    for below in parts:
        name = below.get("name") if isinstance(below, dict) else None
        if not isinstance(name, str):
            raise InvalidRequest("a part of the operation's value has no name")
        typed, held = _content(below, structures_path=f"{at}.{name}", version=version)
        name = name.removesuffix("[x]")
        key = name if name in known else f"{name}{typed}"
        if key in known and known[key].element.repeats:
            made.setdefault(key, []).append(held)
        else:
            made[key] = held
    return "", made


def _described_at(path: str, version: str) -> str:
    """Where the elements below a path are described: there, or at its data type."""
    found = structures.element(version, path)
    if found is not None and len(found.types) == 1 and not structures.properties(version, path):
        return found.types[0]
    return path


def _add(operation: Operation) -> None:
    """Set an element that is not there yet, or append to a list."""
    _put(operation, operation.one(), operation.text("name"))


def _put(operation: Operation, target: Place, name: str) -> None:
    if isinstance(target.value, list):
        raise Unprocessable("the path names a list")
    holder = target.value if isinstance(target.value, dict) else _beside(target)
    kind = target.kind if isinstance(target.value, dict) else "Element"
    key, held = operation.value(kind, name)
    known = structures.properties(operation.version, kind)[key]
    if known.element.repeats:
        items = holder.setdefault(key, [])
        if not isinstance(items, list):
            raise Unprocessable(f"{key} is no list")
        items.append(held)
        _pad(holder, key)
        return
    taken = [
        other
        for other, found in structures.properties(operation.version, kind).items()
        if found.name == known.name and other in holder
    ]
    if taken:
        raise Unprocessable(f"{taken[0]} is there already")
    holder[key] = held


def _insert(operation: Operation) -> None:
    """Put an item into a list, at a position."""
    index, found = operation.number("index"), operation.found()
    if not found:
        match = _LAST.fullmatch(operation.text("path"))
        if match is None or index:
            raise Unprocessable("the path of the list names nothing")
        parents = places.find(operation.resource, match[1], version=operation.version)
        if len(parents) != 1:
            raise Unprocessable("the path of the list names nothing")
        _put(operation, parents[0], match[2])
        return
    holder, name = _list(found)
    _, held = operation.value(found[0].owner, found[0].name)
    if index > len(found):
        raise Unprocessable("the index lies outside the list")
    holder[name].insert(index, held)
    if isinstance(beside := holder.get(f"_{name}"), list):
        beside.insert(index, None)


def _delete(operation: Operation) -> None:
    """Remove an element; nothing where there is none."""
    found = operation.found()
    if not found:
        return
    if len(found) > 1:
        raise Unprocessable(f"the path must name one element and names {len(found)}")
    place = found[0]
    if place.listing is None:
        raise Unprocessable("the resource itself cannot be deleted by a patch")
    holder, name = place.listing
    if not isinstance(place.key, int):
        del holder[name]
        holder.pop(f"_{name}", None)
        return
    beside = holder.get(f"_{name}")
    if isinstance(beside, list) and place.key < len(beside):
        del beside[place.key]
    del holder[name][place.key]
    if not holder[name]:
        del holder[name]
        holder.pop(f"_{name}", None)


def _replace(operation: Operation) -> None:
    """Put another value in the place of an element."""
    place = operation.one()
    if place.listing is None:
        raise Unprocessable("the resource itself cannot be replaced by a patch")
    key, held = operation.value(place.owner, place.name)
    if isinstance(place.key, int):
        place.holder[place.key] = held
        return
    del place.holder[place.key]
    if key != place.key:
        place.holder.pop(f"_{place.key}", None)
    place.holder[key] = held


def _move(operation: Operation) -> None:
    """Take an item of a list to another position in it."""
    source, destination = operation.number("source"), operation.number("destination")
    found = operation.found()
    holder, name = _list(found)
    if max(source, destination) >= len(found):
        raise Unprocessable("the index lies outside the list")
    _pad(holder, name)
    for items in (holder[name], holder.get(f"_{name}")):
        if isinstance(items, list):
            items.insert(destination, items.pop(source))


def _list(found: list[Place]) -> tuple[dict[str, Any], str]:
    """The whole list that a path names: its holder and name there."""
    listing = found[0].listing if found else None
    if listing is None or not isinstance(found[0].key, int):
        raise Unprocessable("the path names no list")
    holder, name = listing
    same = all(place.holder is holder[name] for place in found)
    if not same or len(found) != len(holder[name]):
        raise Unprocessable("the path does not name one whole list")
    return holder, name


def _beside(target: Place) -> dict[str, Any]:
    """The object with the extensions of a primitive, made where there is none."""
    if target.listing is None:
        raise Unprocessable("the path names no element that something can be added to")
    holder, name = target.listing
    if not isinstance(target.key, int):
        made = holder.setdefault(f"_{name}", {})
    else:
        beside = holder.setdefault(f"_{name}", [])
        _pad(holder, name)
        made = beside[target.key] = beside[target.key] or {}
    if not isinstance(made, dict):
        raise Unprocessable("the path names no element that something can be added to")
    return made


def _pad(holder: dict[str, Any], name: str) -> None:
    """Make the list of extensions as long as the list of its primitives, where there is one."""
    beside = holder.get(f"_{name}")
    if isinstance(beside, list):
        beside.extend([None] * (len(holder[name]) - len(beside)))


_OPERATIONS: dict[str, Callable[[Operation], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
