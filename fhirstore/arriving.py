"""Index rows of what a source sends, whose references are rewritten in the same pass: a value that
comes again is neither walked through nor indexed again.

Most resources of a batch have the same properties, and several of these always say the same: the
kind of thing, and whose it is. They are looked up together, by one key; the others one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from fhirstore import digits
from fhirstore.fragments import Divided, divided
from fhirstore.packed_rows import PackedRows, pack
from fhirstore.properties import LONGEST, Fragment, Property, joined
from fhirstore.references import REFERENCE, Rewritten, rewrite
from fhirstore.search.extract import extract

_NARRATIVE = {"status", "div"}
_TRIED = 16
"""So many groups of values have to be new before it is asked whether any come again."""


class Arriving:
    """Resources of one FHIR version whose references become what `rewritten` tells. To live as long
    as one batch: it keeps what it has met."""

    def __init__(self, version: str, rewritten: Rewritten) -> None:
        self._version, self._rewritten = version, rewritten
        self._types: dict[str, tuple[Divided, dict[str, _Pieces]]] = {}
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def packed(self, resource: dict[str, Any]) -> PackedRows:
        """Rewrite a resource's references in place, as `references.rewrite` does, and give its
        index rows, as `fragments.packed` does. Values that come again are shared by the resources
        that have them: they are not to be changed."""
        names = resource["resourceType"], *resource
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._shapes[names] = self._shape(names)
        rows = shape.divided.together(shape.fragments(resource), resource)
        return pack(extract({self._version: resource})) if rows is None else rows

    def _shape(self, names: tuple[str, ...]) -> _Shape:
        rtype, *properties = names
        if rtype not in self._types:
            self._types[rtype] = divided(self._version, rtype), {}
        found, pieces = self._types[rtype]
        shape = _Shape(found, self._rewritten)
        for name in properties:
            known = found.properties.get(name)
            if known is None:
                if name not in ("resourceType", "id"):
                    shape.rest.append(name)
            elif known.coded:
                shape.coded.append((name, known, pieces.setdefault(name, {})))
            else:
                shape.single.append((name, known, pieces.setdefault(name, {})))
        if len(shape.coded) > 1:
            shape.values_of = itemgetter(*(name for name, _, _ in shape.coded))
        else:
            shape.ungroup()
        return shape


@dataclass(slots=True)
class _Piece:
    """A property's value, with its references rewritten, and what follows from it."""

    value: Any
    fragment: Fragment


_Pieces = dict[bytes, _Piece]
_Known = tuple[str, Property, _Pieces]


@dataclass(slots=True)
class _Group:
    """What follows from the values of several properties; `others`: those that were rewritten."""

    fragments: list[Fragment]
    others: dict[str, Any]


@dataclass(slots=True)
class _Shape:
    """The resources that have the same properties. `coded` are those that are looked up together,
    `single` the others with rows, `rest` those without."""

    divided: Divided
    rewritten: Rewritten
    coded: list[_Known] = field(default_factory=list)
    single: list[_Known] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    values_of: Callable[[dict[str, Any]], tuple[Any, ...]] | None = None
    groups: dict[bytes, _Group] = field(default_factory=dict)
    found: int = 0

    def fragments(self, resource: dict[str, Any]) -> list[Fragment]:
        """Rewrite a resource's references, and give the fragments of its properties."""
        fragments: list[Fragment] = []
        single = self.single
        if self.values_of is not None:
            key = digits.dumps(self.values_of(resource))
            group = self.groups.get(key)
            if group is None:
                group = self._group(key, resource)
            else:
                self.found += 1
            resource.update(group.others)
            fragments += group.fragments
        self._look(single, resource, fragments, resource)
        for name in self.rest:
            value = resource[name]
            if type(value) is str:
                if name == "reference":  # which no type has
                    resource[name] = self.rewritten[value]
            elif not (name == "text" and _is_narrative(value)) and REFERENCE in digits.dumps(value):
                rewrite(value, self.rewritten)
        return fragments

    def ungroup(self) -> None:
        """Look all properties up one by one."""
        self.single = self.single + self.coded
        self.coded, self.groups, self.values_of = [], {}, None

    def _group(self, key: bytes, resource: dict[str, Any]) -> _Group:
        fragments: list[Fragment] = []
        group = _Group(fragments, {})
        self._look(self.coded, resource, fragments, group.others)
        if one := joined(fragments):
            group.fragments = [one]
        if len(self.groups) >= _TRIED and self.found < len(self.groups):
            self.ungroup()
        elif len(key) <= 4 * LONGEST:
            self.groups[key] = group
        return group

    def _look(
        self,
        properties: list[_Known],
        resource: dict[str, Any],
        fragments: list[Fragment],
        others: dict[str, Any],
    ) -> None:
        """The fragments of some properties, and the values that are to take their place."""
        dumps = digits.dumps
        for name, known, pieces in properties:
            value = resource[name]
            if type(value) is str:
                if known.moment:
                    fragments.append(known.moment_of(value))
                else:
                    fragments.append(known.kept.get(value) or known.made(value, value))
                continue
            if known.identifiers and (found := known.plain_identifiers(value)):
                fragments.append(found)
                continue
            key = dumps(value)
            if REFERENCE in key or known.name == "meta":
                piece = pieces.get(key) or self._piece(known, pieces, key, value)
                fragments.append(piece.fragment)
                others[name] = piece.value
            else:
                fragments.append(known.kept.get(key) or known.made(key, value))

    def _piece(self, known: Property, pieces: _Pieces, key: bytes, value: Any) -> _Piece:
        """A value that is not known yet, with its references rewritten in place."""
        if known.name != "contained":
            rewrite(value, self.rewritten)
        # Whom a resource is about is not remembered longer than the batch.
        piece = _Piece(value, known.fragment(value) if known.name == "meta" else known.make(value))
        if known.recurs and len(key) <= LONGEST:
            pieces[key] = piece
        return piece


def _is_narrative(value: Any) -> bool:
    """Whether a value is a narrative and no more: nothing in it refers to anything."""
    return (
        type(value) is dict
        and value.keys() == _NARRATIVE
        and type(value["div"]) is type(value["status"]) is str
    )
