"""Where in a resource the elements are that a FHIRPath expression names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import fhirpathpy
from antlr4 import CommonTokenStream, InputStream, Token
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models
from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

from fhirstore import structures
from fhirstore.errors import InvalidRequest, Unprocessable

LONGEST = 500
_FUNCTION = re.compile(
    "where|first|last|tail|skip|take|single|exists|empty|not|count|ofType|as|is|extension"
    "|startsWith|endsWith|contains|hasValue"
)
"""What a path may call. No pattern matching and nothing that descends or repeats: a client could
keep a worker busy with it."""
_WRITTEN = re.compile(r"[\w\s.,$@`'()\[\]=!~<>|&+*/:-]*", re.ASCII)
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'")
_CALL = re.compile(r"([A-Za-z_]+)\s*\(")
_STEP = re.compile(r"([A-Za-z0-9]+)((?:\[[0-9]+\])?)")
_ANONYMOUS = ("BackboneElement", "Element", "")


@dataclass(frozen=True, kw_only=True)
class Place:
    """An element of a resource: `holder[key]`, `key` a name in an object or a position in a list.

    `listing`: the object that has that list, and its name there; of an element that is no list's
    the same as holder and key. `kind`: the path or data type under which
    `fhirstore.structures.children` tells what may be below it. `name`: the element's own in the
    definitions ("value[x]"), `owner` that of what it lies in. The resource itself has no holder.
    """

    holder: Any
    key: Any
    kind: str
    name: str = ""
    owner: str = ""
    listing: tuple[dict[str, Any], str] | None = None

    @property
    def value(self) -> Any:
        return self.holder[self.key]


def find(resource: dict[str, Any], path: str, *, version: str) -> list[Place]:
    """The places of the elements that a path names, in order. Raises InvalidRequest where it is no
    FHIRPath that can be used, or names something that is not in the resource."""
    check(path)
    try:
        named = fhirpathpy.evaluate(resource, path, {}, models[version], {"returnRawData": True})
    except Exception as error:  # the library raises whatever its own code stumbles over
        raise InvalidRequest("the path of an operation cannot be evaluated") from error
    if not all(isinstance(node, ResourceNode) for node in named):
        raise InvalidRequest("the path of an operation names no element")
    # The value and the extensions of a primitive are two nodes of one element.
    where = dict.fromkeys(node.propName for node in named)
    return [_place(resource, name, version) for name in where]


def check(path: str) -> None:
    """Raises InvalidRequest where a path is too long, no FHIRPath, or calls what it may not."""
    if len(path) > LONGEST:
        raise InvalidRequest(f"the path of an operation may have {LONGEST} characters at most")
    unquoted = _QUOTED.sub("''", path)
    if not _WRITTEN.fullmatch(unquoted) or not all(
        map(_FUNCTION.fullmatch, _CALL.findall(unquoted))
    ):
        raise InvalidRequest("the path of an operation uses what paths of a patch may not")
    lexer = FHIRPathLexer(InputStream(path))
    lexer.removeErrorListeners()
    tokens = CommonTokenStream(lexer)
    parser = FHIRPathParser(tokens)
    parser.removeErrorListeners()
    try:
        parser.expression()
    except RecursionError as error:
        raise InvalidRequest("the path of an operation is nested too deeply") from error
    if parser.getNumberOfSyntaxErrors() or tokens.LT(1).type != Token.EOF:
        raise InvalidRequest("the path of an operation is no FHIRPath expression")


def _place(resource: dict[str, Any], where: str | None, version: str) -> Place:
    """The place of "Patient.name[0].given[1]"."""
    place = Place(holder=[resource], key=0, kind=resource["resourceType"])
    for step in (where or "").split(".")[1:]:
        match = _STEP.fullmatch(step)
        if match is None:
            raise InvalidRequest("the path of an operation names no element")
        place = _below(place, match[1], match[2].strip("[]"), version)
    return place


def _below(place: Place, name: str, index: str, version: str) -> Place:
    holder = place.value if isinstance(place.value, dict) else sibling(place)
    key, kind, element = _property(holder, name, place.kind, version)
    if not isinstance(holder, dict) or key not in holder:
        raise Unprocessable("the path of an operation leads nowhere")
    items: Any = holder
    at: Any = key
    if index:
        items, at = holder[key], int(index)
        if not isinstance(items, list) or at >= len(items):
            raise Unprocessable("the path of an operation leads nowhere")
    return Place(
        holder=items,
        key=at,
        kind=_kind(items[at], kind),
        name=element,
        owner=place.kind,
        listing=(holder, key),
    )


def _property(holder: Any, name: str, kind: str, version: str) -> tuple[str, str, str]:
    """The JSON property of an element's name, the kind of what it holds, the element's name."""
    known = structures.properties(version, kind)
    if name not in known:
        for key, found in known.items():
            if found.name == f"{name}[x]" and key in holder:
                return key, found.type, found.name
        return name, "Extension" if name == "extension" else "", name
    found = known[name]
    return name, f"{kind}.{name}" if found.type in _ANONYMOUS else found.type, found.name


def _kind(value: Any, kind: str) -> str:
    """The kind of what a property holds: of a resource in a resource its own type."""
    rtype = value.get("resourceType") if isinstance(value, dict) else None
    return rtype if isinstance(rtype, str) else kind


def sibling(place: Place) -> Any:
    """The object with the id and extensions of a primitive; None where it has none."""
    if place.listing is None:
        return None
    holder, key = place.listing
    beside = holder.get(f"_{key}")
    if isinstance(place.key, int) and isinstance(beside, list):
        return beside[place.key] if place.key < len(beside) else None
    return beside
