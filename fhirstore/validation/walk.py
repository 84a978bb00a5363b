"""Walks through a resource and its structure side by side and notes every difference."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fhirstore import structures
from fhirstore.problem import Problem
from fhirstore.validation import clean
from fhirstore.validation.narrative import narrative_problems
from fhirstore.validation.references import reference_problem
from fhirstore.validation.shapes import Shape, Slot, shape

MOST = 100
"""Problems that are listed."""
DEEPEST = 60
"""Objects within each other; beyond is not looked at but refused."""

Where = tuple[Any, str, int]
"""Where we are: what is above it, the name, and the place in a list (-1: none)."""


class _Enough(Exception):
    """As many problems as are listed have been found."""


def walk(version: str, resource: Any) -> list[Problem]:
    """The problems of a resource."""
    walking = _Walk(version)
    try:
        walking.resource(resource, None, 0)
    except _Enough:
        walking.found.append(
            Problem("", f"more than {MOST} problems; the rest is not listed", code="too-long")
        )
    return walking.found


def expression(where: Where | None) -> str:
    """The FHIRPath of a place."""
    parts: list[str] = []
    while where is not None:
        above, name, place = where
        parts.append(f"{name}[{place}]" if place >= 0 else name)
        where = above
    return ".".join(reversed(parts))


class _Walk:
    def __init__(self, version: str) -> None:
        self._version = version
        self._contained: set[str] = set()
        self.found: list[Problem] = []

    def _note(
        self,
        where: Where | None,
        text: str,
        code: str = "structure",
        *,
        severity: str = "error",
    ) -> None:
        if len(self.found) >= MOST:
            raise _Enough
        self.found.append(Problem(expression(where), text, severity, code))

    def resource(
        self, node: Any, where: Where | None, depth: int, *, contained: bool = False
    ) -> None:
        """A whole resource: the outermost, a contained one or one in a Bundle or Parameters."""
        if type(node) is not dict:
            self._note(where, "a resource is expected: an object with resourceType")
            return
        rtype = node.get("resourceType")
        if type(rtype) is not str:
            self._note(where, "resourceType is missing: what kind of resource is this?", "required")
            return
        kind = structures.kind(self._version, rtype)
        if kind != "resource" or rtype in ("Resource", "DomainResource"):
            self._note(where, "resourceType names no resource type of this version", "value")
            return
        here = where or (None, rtype, -1)
        if contained:
            if "contained" in node:
                self._note(here, "a contained resource may contain none itself", "invariant")
            if "id" not in node:
                self._note(here, "a contained resource needs an id", "required")
            self._object(node, shape(self._version, rtype), here, depth)
            return
        outside = self._contained
        inner = node.get("contained")
        self._contained = {
            item["id"]
            for item in (inner if type(inner) is list else ())
            if type(item) is dict and type(item.get("id")) is str
        }
        if where is None:
            self._outermost(node, shape(self._version, rtype), here)
        else:
            self._object(node, shape(self._version, rtype), here, depth)
        self._contained = outside

    def _outermost(self, node: dict[str, Any], known: Shape, where: Where) -> None:
        """The same without a look at properties whose values were clean before."""
        keys = clean.keys_of(self._version, node)
        skipped = {name for name, key in keys.items() if clean.known(key)}
        self._object(node, known, where, 0, skipped)
        if len(skipped) < len(keys) and not self.found:
            clean.remember(keys)

    def _object(
        self,
        node: dict[str, Any],
        known: Shape,
        where: Where,
        depth: int,
        skipped: Collection[str] = (),
    ) -> None:
        if depth > DEEPEST:
            self._note(where, f"nested deeper than {DEEPEST} objects", "too-costly")
            return
        if not node:
            self._note(where, "an object may not be empty")
            return
        slots, choices = known.slots, set[str]()
        for name, value in node.items():
            slot = slots.get(name)
            if slot is None:
                if name == "resourceType":
                    continue
                slot = self._other(name, value, node, slots, where, depth)
                if slot is None or name[1:] in node:
                    continue
            elif slot.check is not None and not slot.repeats:
                self._primitive(value, slot, where, -1)
            elif name not in skipped:
                self._property(name, value, slot, node, where, depth)
            if slot.choice:
                if slot.choice in choices:
                    one = slot.choice[:-3]
                    self._note((where, one, -1), f"only one {slot.choice} may be given")
                choices.add(slot.choice)
        for name, names in known.required.items():
            if not any(n in node or f"_{n}" in node for n in names):
                self._note(
                    (where, name.removesuffix("[x]"), -1),
                    f"{name} is missing: required",
                    "required",
                )

    def _other(
        self,
        name: str,
        value: Any,
        node: dict[str, Any],
        slots: Any,
        where: Where,
        depth: int,
    ) -> Slot | None:
        """A property that is no element: `_name` beside a primitive, or something unknown."""
        if name == "fhir_comments" and self._version == "dstu2":
            return None
        slot: Slot | None = slots.get(name[1:]) if name.startswith("_") else None
        if slot is None or slot.check is None:
            self._note((where, name[:64], -1), "there is no such element")
            return None
        items = value
        if slot.repeats:
            if type(value) is not list:
                self._note((where, slot.says, -1), f"{name} is a list")
                return None
            beside = node.get(name[1:])
            # Nulls at its end are left out even in FHIR's own examples; what has no value is null
            # in the other list.
            if type(beside) is list and len(beside) < len(value):
                text = f"{name} is longer than {name[1:]}, which has null where there is no value"
                self._note((where, slot.says, -1), text)
        else:
            items = [value]
        element = shape(self._version, "Element")
        for place, item in enumerate(items):
            here = (where, slot.says, place if slot.repeats else -1)
            if type(item) is dict:
                self._object(item, element, here, depth + 1)
            elif item is not None or not slot.repeats:
                self._note(here, f"{name} holds an object with extension or id")
        return slot

    def _property(
        self, name: str, value: Any, slot: Slot, node: dict[str, Any], where: Where, depth: int
    ) -> None:
        if slot.forbidden:
            self._note((where, slot.says, -1), "this element may not be used here")
            return
        if not slot.repeats:
            self._complex(value, slot, (where, slot.says, -1), depth)
            return
        if type(value) is not list:
            self._note((where, slot.says, -1), f"{name} is a list")
            return
        if not value:
            self._note((where, slot.says, -1), f"{name} may not be an empty list")
        if slot.check is None:
            for place, item in enumerate(value):
                self._complex(item, slot, (where, slot.says, place), depth)
            return
        beside = node.get(f"_{name}")
        for place, item in enumerate(value):
            if (
                item is None
                and type(beside) is list
                and beside[place : place + 1] not in ([], [None])
            ):
                continue
            self._primitive(item, slot, where, place)

    def _primitive(self, value: Any, slot: Slot, where: Where, place: int) -> None:
        assert slot.check is not None
        if slot.forbidden:
            self._note((where, slot.says, place), "this element may not be used here")
        elif expected := slot.check(value):
            self._note((where, slot.says, place), f"expected {expected}", "value")
        elif slot.codes is not None and value not in slot.codes:
            self._note((where, slot.says, place), _one_of(slot.codes), "code-invalid")
        elif slot.type == "xhtml":
            found = narrative_problems(value, expression((where, slot.says, place)))
            self.found.extend(found)

    def _complex(self, value: Any, slot: Slot, where: Where, depth: int) -> None:
        if not slot.below:
            self.resource(value, where, depth + 1, contained=slot.says == "contained")
            return
        if type(value) is not dict:
            self._note(where, f"expected an object ({slot.type or slot.says})")
            return
        self._object(value, shape(self._version, slot.below), where, depth + 1)
        if slot.type == "Reference":
            problem = reference_problem(self._version, value, slot.targets, self._contained)
            if problem:
                self._note((where, "reference", -1), problem[0], "value", severity=problem[1])
        elif slot.codes is not None:
            self._bound(value, slot, where)
        elif slot.type == "Extension" and "extension" in value and len(_values(value)) > 0:
            self._note(where, "an extension has either a value or extensions", "invariant")

    def _bound(self, value: dict[str, Any], slot: Slot, where: Where) -> None:
        """A Coding or CodeableConcept of which one code must be from a set."""
        assert slot.codes is not None
        codings = value.get("coding") if slot.type == "CodeableConcept" else [value]
        if codings is not None and type(codings) is not list:
            return  # told where the list was looked at
        given = [c.get("code") for c in codings or () if type(c) is dict]
        if any(type(c) is str and c in slot.codes for c in given):
            return
        if "extension" in value and not any(given):
            return  # says why there is none (data-absent-reason)
        self._note(where, _one_of(slot.codes), "code-invalid")


def _values(extension: dict[str, Any]) -> list[str]:
    return [name for name in extension if name.lstrip("_").startswith("value")]


def _one_of(codes: frozenset[str]) -> str:
    if len(codes) > 20:
        return "the code is not one of those that are possible here"
    return f"the code has to be one of {', '.join(sorted(codes))}"
