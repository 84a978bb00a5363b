"""A resource's index rows, put together from those of its properties.

Nearly all rows follow from one property of the resource, and the values of most properties come
again and again: the same codes, the same patient, the same encounter. So the rows of a property's
value are made once (by the plans of fhirstore/search/extract.py, from a resource that has nothing
else), packed, and kept. What looks at several properties is made of the whole resource each time;
composites of the resource itself have no rows, only their parts are asked whether they are there.
Where fragments contradict each other, the resource is extracted whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fhirstore import digits
from fhirstore.keys import VERSION_BITS
from fhirstore.packed_rows import PackedRows, pack
from fhirstore.search.extract import (
    NOT_IN_EVERYTHING,
    IndexRows,
    Plan,
    Readers,
    common,
    compiled_plans,
    extract,
    memberships,
    patient_paths,
)
from fhirstore.search.paths import first_property

MOST = 16384
"""Values whose rows are kept, in all; then all are forgotten."""
LONGEST = 1024
"""Bytes of the longest value whose rows are kept."""
_OURS = ("versionId", "lastUpdated")


def packed(renderings: Mapping[str, dict[str, Any]]) -> PackedRows:
    """The index rows of one stored resource, from its rendering in each version that it is visible
    in: `fhirstore.search.extract.extract`, packed."""
    if len(renderings) == 1:
        ((version, resource),) = renderings.items()
        rows = _divided(version, resource["resourceType"]).rows(resource)
        if rows is not None:
            return rows
    return pack(extract(renderings))


@dataclass(slots=True)
class _Fragment:
    rows: PackedRows
    parts: int
    """Bits of those parts of composites that have a value."""


@dataclass(slots=True)
class _Property:
    """What follows from one property of a type alone."""

    version: str
    rtype: str
    name: str
    plans: list[Plan] = field(default_factory=list)
    parts: list[tuple[int, Readers]] = field(default_factory=list)
    member: bool = False
    kept: dict[str | bytes, _Fragment] | None = None
    """By value; None where hardly any value comes twice."""

    def fragment(self, value: Any) -> _Fragment:
        """What follows from a value of this property."""
        if self.kept is None:
            return self._make(value)
        if self.name == "meta" and type(value) is dict:
            value = {name: said for name, said in value.items() if name not in _OURS}
        key = value if type(value) is str else digits.dumps(value)
        found = self.kept.get(key)
        if found is None:
            found = self._make(value)
            if len(key) <= LONGEST:
                _KEPT.count()
                self.kept[key] = found
        return found

    def _make(self, value: Any) -> _Fragment:
        alone = {"resourceType": self.rtype, self.name: value}
        rows, bit = IndexRows(), VERSION_BITS[self.version]
        for plan in self.plans:
            if plan.write(rows, plan, alone, bit):
                rows.present |= plan.present
        if self.name == "meta":
            common(rows, self.rtype, alone, bit)
        if self.member:
            memberships(rows, alone, self.version)
        parts = 0
        for part, reads in self.parts:
            if any(read(alone) for _, read in reads):
                parts |= part
        return _Fragment(pack(rows), parts)


class _Divided:
    """A type's plans by the properties that they look at."""

    def __init__(self, version: str, rtype: str) -> None:
        self._version, self._rtype = version, rtype
        self._properties: dict[str, _Property] = {}
        self._always: list[Plan] = []
        self._whole: dict[str, dict[str, Plan]] = {}
        self._composites: list[tuple[int, int]] = []
        self._present: dict[int, int] = {}
        self._parts = 0
        for plan, paths in compiled_plans(version, rtype):
            self._add(plan, {first_property(path) for path in paths}, paths)
        self._property("meta")
        if rtype not in NOT_IN_EVERYTHING:
            own = ["id"] if rtype == "Patient" else []
            for path in [*patient_paths(version, rtype), *own]:
                self._property(first_property(path)).member = True
        for found in self._properties.values():
            found.kept = None if self._mostly_unique(found) else _KEPT.new()

    def _property(self, name: str) -> _Property:
        return self._properties.setdefault(name, _Property(self._version, self._rtype, name))

    @staticmethod
    def _mostly_unique(found: _Property) -> bool:
        return found.name in ("id", "identifier") or (
            not found.member and bool(found.plans) and all(p.dated for p in found.plans)
        )

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
            for head in heads:
                self._property(head).plans.append(plan)

    def rows(self, resource: dict[str, Any]) -> PackedRows | None:
        """The rows; None where two properties say different things of one row."""
        found = PackedRows()
        tokens, ranges, strings, others = found.tokens, found.ranges, found.strings, found.others
        properties = self._properties
        count = parts = 0
        fragments: list[PackedRows] = []
        for name, value in resource.items():
            known = properties.get(name)
            if known is not None:
                fragment = known.fragment(value)
                fragments.append(fragment.rows)
                parts |= fragment.parts
        if rest := self._rest(resource):
            fragments.append(rest)
        for rows in fragments:
            if rows.tokens:
                tokens |= rows.tokens
                count += len(rows.tokens)
            if rows.others:
                ranges |= rows.ranges
                strings |= rows.strings
                others |= rows.others
            found.present |= rows.present
            if rows.lo is not None:
                if found.lo is not None:
                    return None
                found.lo, found.hi = rows.lo, rows.hi
        if len(tokens) != count and not _agree(tokens, fragments):
            return None
        present = self._present.get(parts)
        if present is None:
            present = self._present[parts] = self._composites_of(parts)
        found.present |= present
        return found

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


def _agree(tokens: dict[int, bytes], fragments: Iterable[PackedRows]) -> bool:
    return all(tokens[key] == row for rows in fragments for key, row in rows.tokens.items())


@lru_cache(maxsize=512)
def _divided(version: str, rtype: str) -> _Divided:
    return _Divided(version, rtype)


class _Kept:
    """All values whose rows are kept."""

    def __init__(self) -> None:
        self._count = 0
        self._by_property: list[dict[str | bytes, _Fragment]] = []

    def new(self) -> dict[str | bytes, _Fragment]:
        """Room for those of one more property."""
        made: dict[str | bytes, _Fragment] = {}
        self._by_property.append(made)
        return made

    def count(self) -> None:
        """One more; where there are too many, all are forgotten."""
        self._count += 1
        if self._count > MOST:
            self._count = 0
            for kept in self._by_property:
                kept.clear()


_KEPT = _Kept()
