"""The index rows that follow from one property of a resource, made by the plans of
fhirstore/search/plans.py from a resource that has nothing else, packed, and kept where its values
come again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fhirstore import digits
from fhirstore.keys import VERSION_BITS, fresh_token_key, param_key, system_hash
from fhirstore.packed_rows import KEY, KEY_LENGTH, distinct_keys, pack, packed_range, packed_token
from fhirstore.search.gathered import IndexRows
from fhirstore.search.membership import memberships
from fhirstore.search.moments import moments
from fhirstore.search.paths import compile_path
from fhirstore.search.plans import (
    SECOND,
    Plan,
    Readers,
    common,
    containing,
    writes_codes,
)

MOST = 16384
"""Values whose rows are kept, in all; then all are forgotten."""
LONGEST = 1024
"""Bytes of the longest value whose rows are kept."""
PARTS = 64
"""Where the bits of parts begin; below lie those of `present`, a bigint."""
_OURS = ("versionId", "lastUpdated")


Fragment = tuple[list[bytes], list[bytes], list[bytes], bytes, int, int | None, int | None, int]
"""`tokens`, `ranges`, `strings`, `keys` as in PackedRows; `bits`: `present`, and above it the bits
of those parts of composites that have a value; `lo`, `hi`; `shared`: bits of those plans with rows
in here that look at other properties as well. Several are made of each resource, and a plain tuple
costs least."""


@dataclass(slots=True)
class Property:
    """What follows from one property of a type alone. `plans` each with their bit of `shared`;
    `member`: that of compartments, where it may name a patient. `moment`: it is a date, dateTime or
    instant, of which each plan has a row, by `dates` once there was one. `identifiers`: the one
    plan of a list of Identifiers."""

    version: str
    rtype: str
    name: str
    plans: list[tuple[Plan, int]] = field(default_factory=list)
    parts: list[tuple[int, Readers]] = field(default_factory=list)
    member: int = 0
    moment: bool = False
    dates: _Dates | None = None
    identifiers: Plan | None = None
    coded: bool = False
    """Whether all rows are those of codes and of whose the resource is."""
    recurs: bool = True
    """Whether values come again; `kept` has those that did, by the text or what is printed."""
    kept: dict[str | bytes, Fragment] = field(default_factory=dict)

    def fragment(self, value: Any) -> Fragment:
        """What follows from a value of this property."""
        if self.name == "meta" and type(value) is dict:
            value = {name: said for name, said in value.items() if name not in _OURS}
        key = value if type(value) is str or not self.recurs else digits.dumps(value)
        return (self.recurs and self.kept.get(key)) or self.made(key, value)

    def made(self, key: str | bytes, value: Any) -> Fragment:
        """The same of a value that is not kept; `key` is the one that it is kept by."""
        made = self.make(value)
        if self.recurs and len(key) <= LONGEST:
            KEPT.count()
            self.kept[key] = made
        return made

    def make(self, value: Any) -> Fragment:
        """The same of a value that is not to be kept."""
        if self.moment and type(value) is str:
            return self.moment_of(value)
        if self.identifiers and (found := self.plain_identifiers(value)):
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
        return (
            packed.tokens,
            packed.ranges,
            packed.strings,
            packed.keys,
            packed.present | parts << PARTS,
            packed.lo,
            packed.hi,
            shared,
        )

    def moment_of(self, value: str) -> Fragment:
        """The same of a date, dateTime or instant."""
        span = moments(value)
        if span is None:
            return NOTHING
        said = self.dates
        if said is None:
            said = self.dates = _dates(self.rtype, self.plans)
        lo, hi = span
        keys = said.keys if hi - lo <= SECOND else said.keys + said.primary
        ranges = [packed_range(key, lo, hi) for key in keys] if keys else _NONE
        packed = distinct_keys(ranges) if keys else b""
        if not said.primary:
            return (_NONE, ranges, _NONE, packed, said.present, None, None, said.shared)
        return (_NONE, ranges, _NONE, packed, said.present, lo, hi, said.shared)

    def plain_identifiers(self, value: Any) -> Fragment | None:
        """The same of a list of Identifiers of systems and values alone, no value twice; None of
        any other. They hold no reference and come once each: nothing is remembered of them."""
        plan = self.identifiers
        if plan is None or type(value) is not list:
            return None
        bit, tokens = VERSION_BITS[self.version], []
        for item in value:
            if type(item) is not dict or not item.keys() <= _PLAIN_IDENTIFIER:
                return None
            code, system = item.get("value"), item.get("system", "")
            if type(code) is not str or not code or type(system) is not str:
                return None
            if type(item.get("use", "")) is not str:
                return None
            key = fresh_token_key(plan.rtype, plan.code, code)
            tokens.append(packed_token(key, system_hash(system), bit))
        if len(tokens) == 1:
            keys = tokens[0][KEY]
        else:
            keys = distinct_keys(tokens)
            if not keys or len(keys) != len(tokens) * KEY_LENGTH:
                return None
        return (tokens, _NONE, _NONE, keys, plan.present, None, None, 0)


@dataclass(frozen=True, slots=True)
class _Dates:
    """What all moments of a property have in common. `keys` are those of the rows that each has,
    `primary` that of the primary date."""

    present: int
    shared: int
    keys: tuple[int, ...]
    primary: tuple[int, ...]


def _dates(rtype: str, plans: Iterable[tuple[Plan, int]]) -> _Dates:
    present = shared = 0
    keys: list[int] = []
    primary: list[int] = []
    for plan, share in plans:
        present |= plan.present
        shared |= share
        (primary if plan.primary else keys).append(param_key(rtype, plan.code))
    return _Dates(present, shared, tuple(keys), tuple(primary))


_PLAIN_IDENTIFIER = frozenset(("use", "system", "value"))
_NONE: list[bytes] = []
NOTHING: Fragment = (_NONE, _NONE, _NONE, b"", 0, None, None, 0)


def joined(fragments: Iterable[Fragment]) -> Fragment | None:
    """The fragments of several properties as one; None where one row may be in two of them."""
    tokens: list[bytes] = []
    ranges: list[bytes] = []
    strings: list[bytes] = []
    keys = b""
    bits = shared = 0
    lo = hi = None
    for own_tokens, own_ranges, own_strings, own_keys, has, low, high, share in fragments:
        if share & shared or not (low is None or lo is None):
            return None
        tokens += own_tokens
        ranges += own_ranges
        strings += own_strings
        keys += own_keys
        bits |= has
        shared |= share
        if low is not None:
            lo, hi = low, high
    return (tokens, ranges, strings, keys, bits, lo, hi, shared)


def only_identifiers(found: Property) -> Plan | None:
    """The plan of a property that is a list of Identifiers and nothing else."""
    if len(found.plans) != 1 or found.parts or found.member:
        return None
    plan, share = found.plans[0]
    plain = writes_codes(plan) and not share
    return plan if plain and plan.readers == (("Identifier", compile_path(found.name)),) else None


class _Kept:
    """All values whose rows are kept."""

    def __init__(self) -> None:
        self._count = 0
        self._by_property: list[dict[str | bytes, Fragment]] = []

    def new(self) -> dict[str | bytes, Fragment]:
        """Room for those of one more property."""
        made: dict[str | bytes, Fragment] = {}
        self._by_property.append(made)
        return made

    def count(self) -> None:
        """One more; where there are too many, all are forgotten."""
        self._count += 1
        if self._count > MOST:
            self._count = 0
            for kept in self._by_property:
                kept.clear()


KEPT = _Kept()
"""Those of this process."""
