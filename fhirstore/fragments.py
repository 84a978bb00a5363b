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
from fhirstore.keys import VERSION_BITS, param_key
from fhirstore.packed_rows import KEY, PackedRows, distinct_keys, pack, packed_range
from fhirstore.search.extract import (
    SECOND,
    Plan,
    Readers,
    common,
    compiled_plans,
    containing,
    extract,
)
from fhirstore.search.gathered import IndexRows
from fhirstore.search.membership import NOT_IN_EVERYTHING, memberships, patient_paths
from fhirstore.search.moments import moments
from fhirstore.search.paths import first_property, split_type

MOST = 16384
"""Values whose rows are kept, in all; then all are forgotten."""
LONGEST = 1024
"""Bytes of the longest value whose rows are kept."""
_OURS = ("versionId", "lastUpdated")
_MOMENTS = ("date", "dateTime", "instant")


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
    """`parts`: bits of those parts of composites that have a value. `shared`: bits of those plans
    with rows in here that look at other properties as well."""

    rows: PackedRows
    parts: int
    shared: int


@dataclass(slots=True)
class _Property:
    """What follows from one property of a type alone. `plans` each with their bit of `shared`;
    `member`: that of compartments, where it may name a patient. `moment`: it is a date, dateTime or
    instant, of which each plan has a row."""

    version: str
    rtype: str
    name: str
    plans: list[tuple[Plan, int]] = field(default_factory=list)
    parts: list[tuple[int, Readers]] = field(default_factory=list)
    member: int = 0
    moment: bool = False
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
        if self.moment and type(value) is str:
            return self._moment(value)
        alone = {"resourceType": self.rtype, self.name: value}
        rows, bit = IndexRows(), VERSION_BITS[self.version]
        shared = parts = 0
        for plan, share in self.plans:
            if plan.write(rows, plan, alone, bit):
                rows.present |= plan.present
                shared |= share
        if self.name == "meta":
            common(rows, self.rtype, alone, bit)
        if self.name == "contained":
            containing(rows, self.rtype, alone, bit)
        if self.member:
            before = len(rows.tokens)
            memberships(rows, alone, self.version)
            if len(rows.tokens) != before:
                shared |= self.member
        for part, reads in self.parts:
            if any(read(alone) for _, read in reads):
                parts |= part
        return _Fragment(pack(rows), parts, shared)

    def _moment(self, value: str) -> _Fragment:
        """The same of a date, dateTime or instant."""
        rows, shared = PackedRows(), 0
        if span := moments(value):
            low, high = span
            for plan, share in self.plans:
                rows.present |= plan.present
                shared |= share
                if plan.primary:
                    rows.lo, rows.hi = span
                    if high - low <= SECOND:
                        continue
                rows.ranges.append(packed_range(param_key(self.rtype, plan.code), low, high))
            rows.keys = distinct_keys(rows.ranges)
        return _Fragment(rows, 0, shared)


class _Divided:
    """A type's plans by the properties that they look at."""

    def __init__(self, version: str, rtype: str) -> None:
        self._version, self._rtype = version, rtype
        self._properties: dict[str, _Property] = {}
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
        for found in self._properties.values():
            found.moment = (
                bool(found.plans)
                and found.name not in self._not_moments
                and not (found.parts or found.member)
            )
            found.kept = None if self._mostly_unique(found) else _KEPT.new()

    def _property(self, name: str) -> _Property:
        return self._properties.setdefault(name, _Property(self._version, self._rtype, name))

    @staticmethod
    def _mostly_unique(found: _Property) -> bool:
        return found.name in ("id", "identifier", "contained") or (
            not found.member and bool(found.plans) and all(plan.dated for plan, _ in found.plans)
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
            together = len(heads) > 1 and not plan.noted
            self._shared += together
            share = together << self._shared
            for head in heads:
                self._property(head).plans.append((plan, share))
                mine = [split_type(path) for path in paths if first_property(path) == head]
                if plan.noted or mine not in [[(head, kind)] for kind in _MOMENTS]:
                    self._not_moments.add(head)

    def rows(self, resource: dict[str, Any]) -> PackedRows | None:
        """The rows; None where two properties say different things of one row."""
        tokens: list[bytes] = []
        ranges: list[bytes] = []
        strings: list[bytes] = []
        keys: list[bytes] = []
        lo = hi = None
        parts = shared = present = 0
        doubtful = False
        properties = self._properties
        for name, value in resource.items():
            known = properties.get(name)
            if known is None:
                continue
            fragment = known.fragment(value)
            parts |= fragment.parts
            if share := fragment.shared:
                if share & shared:
                    doubtful = True
                shared |= share
            rows = fragment.rows
            if rows.keys:
                keys += rows.keys
                tokens += rows.tokens
                ranges += rows.ranges
                strings += rows.strings
            present |= rows.present
            if rows.lo is not None:
                if lo is not None:
                    return None
                lo, hi = rows.lo, rows.hi
        if rest := self._rest(resource):
            keys += rest.keys
            tokens += rest.tokens
            ranges += rest.ranges
            strings += rest.strings
            present |= rest.present
        composites = self._present.get(parts)
        if composites is None:
            composites = self._present[parts] = self._composites_of(parts)
        found = PackedRows(tokens, ranges, strings, keys, present | composites, lo, hi)
        return _agreed(found) if doubtful else found

    def _rest(self, resource: dict[str, Any]) -> PackedRows | None:
        """What is made of the whole resource."""
        if not self._always and not self._whole:
            return None
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
