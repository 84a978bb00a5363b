"""A resource's index rows, put together from those of its properties.

Nearly all rows follow from one property of the resource, and the values of most properties come
again and again: the same codes, the same patient, the same encounter. So the rows of a property's
value are made once (by the plans of fhirstore/search/extract.py, from a resource that has nothing
else), packed, and kept. What looks at several properties is made of the whole resource each time;
composites of the resource itself have no rows, only their parts are asked whether they are there.
Where fragments contradict each other, the resource is extracted whole.

What a source sends has its references rewritten in the same pass (`Arriving`): a value that comes
again is neither walked through nor indexed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fhirstore import digits
from fhirstore.keys import VERSION_BITS, fresh_token_key, param_key, system_hash
from fhirstore.packed_rows import (
    KEY,
    PackedRows,
    distinct_keys,
    pack,
    packed_range,
    packed_token,
)
from fhirstore.references import REFERENCE, Rewritten, rewrite
from fhirstore.search.extract import (
    SECOND,
    Plan,
    Readers,
    common,
    compiled_plans,
    containing,
    extract,
    writes_codes,
)
from fhirstore.search.gathered import IndexRows
from fhirstore.search.membership import NOT_IN_EVERYTHING, memberships, patient_paths
from fhirstore.search.moments import moments
from fhirstore.search.paths import compile_path, first_property, split_type

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


class Arriving:
    """Resources of one FHIR version whose references become what `rewritten` tells."""

    def __init__(self, version: str, rewritten: Rewritten) -> None:
        self._version, self._rewritten = version, rewritten
        self._pieces: dict[str, dict[tuple[str, bytes], _Piece]] = {}

    def packed(self, resource: dict[str, Any], *, most: int) -> PackedRows:
        """Rewrite a resource's references in place, as `references.rewrite` does (`most` as there),
        and give its index rows, as `packed` does. Values that come again are shared by the
        resources that have them: they are not to be changed."""
        rtype = resource["resourceType"]
        divided = _divided(self._version, rtype)
        if most:
            pieces = self._pieces.setdefault(rtype, {})
            rows = divided.rows(resource, _Rewriting(self._rewritten, pieces, most))
        else:
            rows = divided.rows(resource)
        return pack(extract({self._version: resource})) if rows is None else rows


@dataclass(slots=True)
class _Piece:
    """A property's value with its references rewritten; there were `count` of them."""

    value: Any
    count: int
    fragment: _Fragment


@dataclass(slots=True)
class _Rewriting:
    """What one resource's references become. `pieces`: what is known by property and value."""

    rewritten: Rewritten
    pieces: dict[tuple[str, bytes], _Piece]
    left: int

    def piece(self, known: _Property, key: bytes, value: Any) -> _Piece:
        """A value that is not known yet; it is changed."""
        rewrite(value, self.rewritten)
        piece = _Piece(value, key.count(REFERENCE), known.fragment(value))
        if len(key) <= LONGEST:
            self.pieces[known.name, key] = piece
        return piece

    def rest(self, resource: dict[str, Any], names: list[str]) -> None:
        """Rewrite in properties that nothing is indexed of."""
        others = {name: resource[name] for name in names}
        rewrite(others, self.rewritten, most=self.left)
        resource.update(others)


@dataclass(slots=True)
class _Fragment:
    """`parts`: bits of those parts of composites that have a value. `shared`: bits of those plans
    with rows in here that look at other properties as well. The others as in PackedRows."""

    tokens: list[bytes]
    ranges: list[bytes]
    strings: list[bytes]
    keys: list[bytes]
    present: int
    lo: int | None
    hi: int | None
    parts: int
    shared: int


@dataclass(slots=True)
class _Property:
    """What follows from one property of a type alone. `plans` each with their bit of `shared`;
    `member`: that of compartments, where it may name a patient. `moment`: it is a date, dateTime or
    instant, of which each plan has a row. `identifiers`: the one plan of a list of Identifiers."""

    version: str
    rtype: str
    name: str
    plans: list[tuple[Plan, int]] = field(default_factory=list)
    parts: list[tuple[int, Readers]] = field(default_factory=list)
    member: int = 0
    moment: bool = False
    identifiers: Plan | None = None
    kept: dict[str | bytes, _Fragment] | None = None
    """By value; None where hardly any value comes twice."""

    def fragment(self, value: Any) -> _Fragment:
        """What follows from a value of this property."""
        if self.kept is None:
            return self._make(value)
        if self.name == "meta" and type(value) is dict:
            value = {name: said for name, said in value.items() if name not in _OURS}
        return self.found(value if type(value) is str else digits.dumps(value), value)

    def found(self, key: str | bytes, value: Any) -> _Fragment:
        """The same, where `key` is the value's: the text itself, or what it is printed as."""
        if self.kept is None:
            return self._make(value)
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
        if self.identifiers and (found := self._identifiers(value, self.identifiers)):
            return found
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
        return _fragment(pack(rows), parts, shared)

    def _moment(self, value: str) -> _Fragment:
        """The same of a date, dateTime or instant."""
        span = moments(value)
        if span is None:
            return _NOTHING
        low, high = span
        present = shared = 0
        primary = False
        ranges = []
        for plan, share in self.plans:
            present |= plan.present
            shared |= share
            primary = primary or plan.primary
            if not plan.primary or high - low > SECOND:
                ranges.append(packed_range(param_key(self.rtype, plan.code), low, high))
        keys = distinct_keys(ranges) if ranges else _NONE
        lo, hi = span if primary else (None, None)
        return _Fragment(_NONE, ranges, _NONE, keys, present, lo, hi, 0, shared)

    def _identifiers(self, value: Any, plan: Plan) -> _Fragment | None:
        """The same of a list of Identifiers of systems and values alone, no value twice; None of
        any other. They come once each: nothing is remembered of them."""
        if type(value) is not list:
            return None
        bit, tokens = VERSION_BITS[self.version], []
        for item in value:
            if type(item) is not dict or "type" in item:
                return None
            code, system = item.get("value"), item.get("system", "")
            if type(code) is not str or not code or type(system) is not str:
                return None
            key = fresh_token_key(plan.rtype, plan.code, code)
            tokens.append(packed_token(key, system_hash(system), bit))
        keys = distinct_keys(tokens)
        if not keys or len(keys) != len(tokens):
            return None
        return _Fragment(tokens, _NONE, _NONE, keys, plan.present, None, None, 0, 0)


def _fragment(rows: PackedRows, parts: int, shared: int) -> _Fragment:
    return _Fragment(
        rows.tokens,
        rows.ranges,
        rows.strings,
        rows.keys,
        rows.present,
        rows.lo,
        rows.hi,
        parts,
        shared,
    )


_NONE: list[bytes] = []
_NOTHING = _Fragment(_NONE, _NONE, _NONE, _NONE, 0, None, None, 0, 0)


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
            found.identifiers = _only_identifiers(found)

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

    def rows(
        self, resource: dict[str, Any], rewriting: _Rewriting | None = None
    ) -> PackedRows | None:
        """The rows, of the resource with its references rewritten where `rewriting` is given; None
        where two properties say different things of one row."""
        tokens: list[bytes] = []
        ranges: list[bytes] = []
        strings: list[bytes] = []
        keys: list[bytes] = []
        lo = hi = None
        parts = shared = present = told = 0
        doubtful = twice = False
        properties = self._properties
        others = []
        for name, value in resource.items():
            known = properties.get(name)
            if known is None:
                if type(value) is not str or name == "reference":
                    others.append(name)
                continue
            if rewriting is None or type(value) is str or name == "contained":
                fragment = known.fragment(value)
            elif REFERENCE in (key := digits.dumps(value)) or name == "meta":
                piece = rewriting.pieces.get((name, key)) or rewriting.piece(known, key, value)
                resource[name] = piece.value
                told += piece.count
                fragment = piece.fragment
            else:
                fragment = known.found(key, value)
            parts |= fragment.parts
            if share := fragment.shared:
                if share & shared:
                    doubtful = True
                shared |= share
            if fragment.keys:
                keys += fragment.keys
                tokens += fragment.tokens
                ranges += fragment.ranges
                strings += fragment.strings
            present |= fragment.present
            if fragment.lo is not None:
                twice = twice or lo is not None
                lo, hi = fragment.lo, fragment.hi
        if rewriting is not None and others and told != rewriting.left:
            rewriting.rest(resource, others)
        if twice:
            return None
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


def _only_identifiers(found: _Property) -> Plan | None:
    if len(found.plans) != 1 or found.parts or found.member:
        return None
    plan, share = found.plans[0]
    plain = writes_codes(plan) and not share
    return plan if plain and plan.readers == (("Identifier", compile_path(found.name)),) else None


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
