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
PARTS = 64
"""Where the bits of parts begin; below lie those of `present`, a bigint."""
_PRESENT = (1 << PARTS) - 1
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

    def packed(self, resource: dict[str, Any]) -> PackedRows:
        """Rewrite a resource's references in place, as `references.rewrite` does, and give its
        index rows, as `packed` does. Values that come again are shared by the resources that have
        them: they are not to be changed."""
        rtype = resource["resourceType"]
        pieces = self._pieces.get(rtype)
        if pieces is None:
            pieces = self._pieces[rtype] = {}
        rewriting = _Rewriting(self._rewritten, pieces)
        rows = _divided(self._version, rtype).rows(resource, rewriting)
        return pack(extract({self._version: resource})) if rows is None else rows


@dataclass(slots=True)
class _Piece:
    """A property's value, with its references rewritten where it had any: `other`."""

    value: Any
    other: bool
    fragment: _Fragment


@dataclass(slots=True)
class _Rewriting:
    """What one resource's references become. `pieces`: what is known by property and value."""

    rewritten: Rewritten
    pieces: dict[tuple[str, bytes], _Piece]

    def piece(self, known: _Property, key: bytes, value: Any) -> _Piece:
        """A value that is not known yet; it is changed."""
        other = REFERENCE in key and known.name != "contained"
        if other:
            rewrite(value, self.rewritten)
        if other or known.name == "meta":
            piece = _Piece(value, other, known.fragment(value))
        else:
            piece = _Piece(value, False, known.kept.get(key) or known.made(key, value))
        if known.recurs and len(key) <= LONGEST:
            self.pieces[known.name, key] = piece
        return piece

    def rest(self, resource: dict[str, Any], names: list[str]) -> None:
        """Rewrite in properties that nothing is indexed of."""
        for name in names:
            value = resource[name]
            if type(value) is str:  # a "reference" that no type has, itself
                resource[name] = self.rewritten[value]
            elif REFERENCE in digits.dumps(value):
                rewrite(value, self.rewritten)


@dataclass(slots=True)
class _Fragment:
    """`bits`: `present`, and above it the bits of those parts of composites that have a value.
    `shared`: bits of those plans with rows in here that look at other properties as well. The
    others as in PackedRows."""

    tokens: list[bytes]
    ranges: list[bytes]
    strings: list[bytes]
    keys: list[bytes]
    bits: int
    lo: int | None
    hi: int | None
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
    recurs: bool = True
    """Whether values come again; `kept` has those that did, by the text or what is printed."""
    kept: dict[str | bytes, _Fragment] = field(default_factory=dict)

    def fragment(self, value: Any) -> _Fragment:
        """What follows from a value of this property."""
        if self.name == "meta" and type(value) is dict:
            value = {name: said for name, said in value.items() if name not in _OURS}
        key = value if type(value) is str or not self.recurs else digits.dumps(value)
        return (self.recurs and self.kept.get(key)) or self.made(key, value)

    def made(self, key: str | bytes, value: Any) -> _Fragment:
        """The same of a value that is not kept; `key` is the one that it is kept by."""
        made = self._make(value)
        if self.recurs and len(key) <= LONGEST:
            _KEPT.count()
            self.kept[key] = made
        return made

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
        packed = pack(rows)
        return _Fragment(
            packed.tokens,
            packed.ranges,
            packed.strings,
            packed.keys,
            packed.present | parts << PARTS,
            packed.lo,
            packed.hi,
            shared,
        )

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
        return _Fragment(_NONE, ranges, _NONE, keys, present, lo, hi, shared)

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
        keys = [row[KEY] for row in tokens]
        if not keys or len(set(keys)) != len(keys):
            return None
        return _Fragment(tokens, _NONE, _NONE, keys, plan.present, None, None, 0)


_NONE: list[bytes] = []
_NOTHING = _Fragment(_NONE, _NONE, _NONE, _NONE, 0, None, None, 0)


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
        self._of_the_whole = bool(self._always or self._whole)
        for found in self._properties.values():
            found.moment = (
                bool(found.plans)
                and found.name not in self._not_moments
                and not (found.parts or found.member)
            )
            found.recurs = not self._mostly_unique(found)
            if found.recurs:
                found.kept = _KEPT.new()
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
        bits = shared = 0
        doubtful = twice = False
        others = []
        properties, dumps = self._properties, digits.dumps
        for name, value in resource.items():
            known = properties.get(name)
            if known is None:
                if type(value) is not str or name == "reference":
                    others.append(name)
                continue
            if type(value) is str:
                fragment = known.kept.get(value) or known.made(value, value)
            elif rewriting is None:
                fragment = known.fragment(value)
            else:
                key = dumps(value)
                piece = rewriting.pieces.get((name, key)) or rewriting.piece(known, key, value)
                fragment = piece.fragment
                if piece.other:
                    resource[name] = piece.value
            bits |= fragment.bits
            if share := fragment.shared:
                if share & shared:
                    doubtful = True
                shared |= share
            if fragment.keys:
                keys += fragment.keys
                tokens += fragment.tokens
                if fragment.ranges:
                    ranges += fragment.ranges
                if fragment.strings:
                    strings += fragment.strings
            if fragment.lo is not None:
                twice = twice or lo is not None
                lo, hi = fragment.lo, fragment.hi
        if others and rewriting is not None:
            rewriting.rest(resource, others)
        if twice:
            return None
        present = bits & _PRESENT
        if self._of_the_whole and (rest := self._rest(resource)):
            keys += rest.keys
            tokens += rest.tokens
            ranges += rest.ranges
            strings += rest.strings
            present |= rest.present
        parts = bits >> PARTS
        composites = self._present.get(parts)
        if composites is None:
            composites = self._present[parts] = self._composites_of(parts)
        found = PackedRows(tokens, ranges, strings, keys, present | composites, lo, hi)
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
