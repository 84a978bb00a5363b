"""A resource's index rows, put together from those of its properties.

Nearly all rows follow from one property of the resource, and the values of most properties come
again and again: the same codes, the same patient, the same encounter. So the rows of a property's
value are made once (fhirstore/properties.py) and kept. What looks at several properties is made of
the whole resource each time; composites of the resource itself have no rows, only their parts are
asked whether they are there. Where fragments contradict each other, the resource is extracted
whole.

What a source sends has its references rewritten in the same pass: fhirstore/arriving.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from fhirstore.keys import VERSION_BITS
from fhirstore.packed_rows import KEY, PackedRows, distinct_keys, pack
from fhirstore.properties import KEPT, PARTS, Fragment, Property, only_identifiers
from fhirstore.search.extract import extract
from fhirstore.search.gathered import IndexRows
from fhirstore.search.membership import NOT_IN_EVERYTHING, patient_paths
from fhirstore.search.paths import first_property, split_type
from fhirstore.search.plans import CODED, Plan, compiled_plans

_PRESENT = (1 << PARTS) - 1
_OF_PEOPLE = ("HumanName", "Address", "ContactPoint")
_MOMENTS = ("date", "dateTime", "instant")


def packed(renderings: Mapping[str, dict[str, Any]]) -> PackedRows:
    """The index rows of one stored resource, from its rendering in each version that it is visible
    in: `fhirstore.search.extract.extract`, packed."""
    if len(renderings) == 1:
        ((version, resource),) = renderings.items()
        rows = divided(version, resource["resourceType"]).rows(resource)
        if rows is not None:
            return rows
    return pack(extract(renderings))


class Divided:
    """A type's plans by the properties that they look at."""

    def __init__(self, version: str, rtype: str) -> None:
        self._version, self._rtype = version, rtype
        self.properties: dict[str, Property] = {}
        self._always: list[Plan] = []
        self._whole: dict[str, dict[str, Plan]] = {}
        self._composites: list[tuple[int, int]] = []
        self._present: dict[int, int] = {}
        self._parts = self._shared = 0
        self._not_moments = {"meta"}
        for plan, paths in compiled_plans(version, rtype):
            self._add(plan, {first_property(path) for path in paths}, paths)
        self._property("meta")
        self._property("contained")
        if rtype not in NOT_IN_EVERYTHING:
            own = ["id"] if rtype == "Patient" else []
            self._shared += 1
            for path in [*patient_paths(version, rtype), *own]:
                self._property(first_property(path)).member = 1 << self._shared
        self._of_the_whole = bool(self._always or self._whole)
        for found in self.properties.values():
            found.moment = (
                bool(found.plans)
                and found.name not in self._not_moments
                and not (found.parts or found.member)
            )
            found.recurs = not self._mostly_unique(found)
            found.coded = found.recurs and (
                found.name == "meta"
                or bool(found.member)
                or (bool(found.plans) and all(plan.write in CODED for plan, _ in found.plans))
            )
            if found.recurs:
                found.kept = KEPT.new()
            found.identifiers = only_identifiers(found)

    def _property(self, name: str) -> Property:
        return self.properties.setdefault(name, Property(self._version, self._rtype, name))

    @staticmethod
    def _mostly_unique(found: Property) -> bool:
        if found.name in ("id", "identifier", "contained"):
            return True
        plans = [plan for plan, _ in found.plans]
        if any(kind in _OF_PEOPLE for plan in plans for kind, _ in plan.readers):
            return True  # nor are names and addresses to be remembered
        return not found.member and bool(plans) and all(plan.dated for plan in plans)

    def _add(self, plan: Plan, heads: set[str], paths: Iterable[str]) -> None:
        if any(path.endswith(":exists") for path in paths):
            self._always.append(plan)
        elif plan.parts and plan.elements is None:
            mask = 0
            for part in plan.parts:
                self._parts += 1
                mask |= (bit := 1 << self._parts)
                for head in part.heads:
                    self._property(head).parts.append((bit, part.readers))
            self._composites.append((mask, plan.present))
        elif plan.parts and any(part.absolute for part in plan.parts):
            for head in heads:
                self._whole.setdefault(head, {})[plan.code] = plan
        else:
            together = len(heads) > 1 and not plan.noted
            self._shared += together
            share = together << self._shared
            for head in heads:
                self._property(head).plans.append((plan, share))
                mine = [split_type(path) for path in paths if first_property(path) == head]
                if plan.noted or mine not in [[(head, kind)] for kind in _MOMENTS]:
                    self._not_moments.add(head)

    def rows(self, resource: dict[str, Any]) -> PackedRows | None:
        """The rows of a resource; None where properties do not tell them one by one."""
        properties = self.properties
        fragments = [
            properties[name].fragment(value)
            for name, value in resource.items()
            if name in properties
        ]
        return self.together(fragments, resource)

    def together(
        self, fragments: Iterable[Fragment], resource: dict[str, Any]
    ) -> PackedRows | None:
        """The rows of a resource whose properties have these; None where two of them say different
        things of one row, or contained resources have rows."""
        if "contained" in resource:
            return None
        tokens: list[bytes] = []
        ranges: list[bytes] = []
        strings: list[bytes] = []
        keys = []
        lo = hi = None
        bits = shared = 0
        doubtful = False
        for own_tokens, own_ranges, own_strings, own_keys, has, low, high, share in fragments:
            bits |= has
            if share:
                if share & shared:
                    doubtful = True
                shared |= share
            if own_keys:
                keys.append(own_keys)
                tokens += own_tokens
                if own_ranges:
                    ranges += own_ranges
                if own_strings:
                    strings += own_strings
            if low is not None:
                if lo is not None:
                    return None
                lo, hi = low, high
        present = bits & _PRESENT
        if self._of_the_whole and (rest := self._rest(resource)):
            keys.append(rest.keys)
            tokens += rest.tokens
            ranges += rest.ranges
            strings += rest.strings
            present |= rest.present
        parts = bits >> PARTS
        composites = self._present.get(parts)
        if composites is None:
            composites = self._present[parts] = self._composites_of(parts)
        found = PackedRows(tokens, ranges, strings, b"".join(keys), present | composites, lo, hi)
        return _agreed(found) if doubtful else found

    def _rest(self, resource: dict[str, Any]) -> PackedRows | None:
        """What is made of the whole resource."""
        plans = {plan.code: plan for plan in self._always}
        if self._whole:
            for name in resource:
                plans |= self._whole.get(name, {})
        if not plans:
            return None
        rows, bit = IndexRows(), VERSION_BITS[self._version]
        for plan in plans.values():
            if plan.write(rows, plan, resource, bit):
                rows.present |= plan.present
        return pack(rows)

    def _composites_of(self, parts: int) -> int:
        """The bits of the composites all of whose parts have a value."""
        present = 0
        for mask, bit in self._composites:
            if parts & mask == mask:
                present |= bit
        return present


def _agreed(rows: PackedRows) -> PackedRows | None:
    """The rows once each; None where two token rows of one key differ."""
    tokens, ranges, strings = (
        list(dict.fromkeys(table)) for table in (rows.tokens, rows.ranges, rows.strings)
    )
    if len({row[KEY] for row in tokens}) != len(tokens):
        return None
    keys = distinct_keys(tokens, ranges, strings)
    return PackedRows(tokens, ranges, strings, keys, rows.present, rows.lo, rows.hi)


@lru_cache(maxsize=512)
def divided(version: str, rtype: str) -> Divided:
    """Those of a type; made once."""
    return Divided(version, rtype)
