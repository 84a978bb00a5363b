"""Orders: what `_sort` asks for, and what it becomes (hl7.org/fhir/R4/search.html#sort).

Ids, `_lastUpdated` and the type's primary date lie in indexes in their order. Strings, uris, other
dates, numbers and quantities are sorted by their index rows; tokens and references, whose rows are
hashes, by what the bodies of the matches say. Ascending goes by the smallest of several values,
descending by the largest; resources without a value come last in either direction; what is equal
comes by id. The primary date alone is in the order of its index, which parts what is equal by when
it was stored: an order by id within each moment would have to sort all of an owner's matches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.definitions import SearchParameter, parameters, primary_date
from fhirstore.search.json_path import json_path
from fhirstore.search.paths import split_type
from fhirstore.search.spellings import spanned_of

MOST_KEYS = 10
_COMMON = {"_id": "fid", "_lastUpdated": "updated"}
_ROWS = {"string": "string", "uri": "string", "date": "range", "number": "range"}
_ROWS |= {"quantity": "range", "token": "body", "reference": "body"}


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of an order. `by` tells what holds its values: "fid", "updated", "type", "rid" (the
    primary date, alone), "lo" (the primary date beside others), "string" and "range" (index rows)
    or "body".
    """

    name: str
    by: str
    descending: bool = False
    parameter: SearchParameter | None = None

    @property
    def computed(self) -> bool:
        """Whether its values are gathered from elsewhere than the resource's own row."""
        return self.by in _TYPES


Sort = tuple[Key, ...]
BY_ID: Sort = (Key(name="_id", by="fid"),)
_TYPES = {"string": "text", "range": "bigint", "body": "text"}


def read_key(version: str, rtype: str, name: str, *, descending: bool) -> Key | None:
    """The key of a name; None where the type ("" for several) has no such parameter. Raises
    `InvalidValue`, naming `_sort`, where nothing can be sorted by it.
    """
    if not rtype and name == "_type":
        return Key(name=name, by="type", descending=descending)
    if name in _COMMON:
        return Key(name=name, by=_COMMON[name], descending=descending)
    parameter = parameters(version, rtype).get(name) if rtype else None
    if parameter is None:
        return None
    by = _ROWS.get(parameter.type)
    if by is None:
        raise InvalidValue(parameter="_sort", problem=f"{name} is no parameter to sort by")
    if not parameter.paths:
        return None
    if by == "range" and primary_date(version, rtype) in parameter.stored:
        by = "lo"
    return Key(name=name, by=by, descending=descending, parameter=parameter)


def settled(found: Sequence[Key]) -> Sort:
    """The order of some keys: by id where there are none; what is said twice counts once."""
    once = {key.name: key for key in reversed(found)}
    kept = [key for key in found if once[key.name] is key]
    if not kept:
        return BY_ID
    if len(kept) == 1 and kept[0].by == "lo":
        # The row id alone: it is in the order of the index.
        only = kept[0]
        return (Key(name=only.name, by="rid", descending=only.descending),)
    return tuple(kept)


def signature(sort: Sort) -> str:
    """What tells one order from another in a paging token."""
    return ",".join(f"{'-' if key.descending else ''}{key.by}:{key.name}" for key in sort)


def private(sort: Sort) -> bool:
    """Whether positions in this order tell what a resource says."""
    return any(key.computed or key.by == "lo" for key in sort)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of an order: its SQL over the alias `{a}`, PostgreSQL type and direction."""

    sql: str
    kind: str
    descending: bool = False
    nullable: bool = False


def columns(sort: Sort, *, mixed: bool, several: bool) -> list[Column]:
    """The columns of an order, by which no two rows are equal. `mixed`: of several types;
    `several`: of several owners.
    """
    found: list[Column] = []
    for place, key in enumerate(sort):
        found += _columns(place, key)
    named = {key.by for key in sort}
    last = sort[-1].descending and not any(key.computed or key.by == "lo" for key in sort)
    if "fid" not in named and (named != {"rid"} or mixed):
        found.append(Column(sql="{a}.fid", kind="text", descending=last))
    if mixed and "type" not in named:
        found.append(Column(sql="{a}.rtype", kind="smallint", descending=last))
    if several:
        found.append(Column(sql="{a}.owner", kind="bigint", descending=last))
    return found


def _columns(place: int, key: Key) -> list[Column]:
    way = key.descending
    match key.by:
        case "fid":
            return [Column(sql="{a}.fid", kind="text", descending=way)]
        case "type":
            return [Column(sql="{a}.rtype", kind="smallint", descending=way)]
        case "updated":
            return [Column(sql="{a}.updated", kind="timestamptz", descending=way)]
        case "lo":
            return [Column(sql="{a}.lo", kind="bigint", descending=way, nullable=True)]
        case "rid":
            # Resources without a primary date have negative row ids: last in either direction.
            undated = [] if way else [Column(sql="({a}.rid < 0)", kind="boolean")]
            return [*undated, Column(sql="{a}.rid", kind="bigint", descending=way)]
    return [Column(sql=f"{{a}}.v{place}", kind=_TYPES[key.by], descending=way, nullable=True)]


def order(found: Sequence[Column], alias: str) -> str:
    """The columns as an `order by`."""
    return ", ".join(
        column.sql.format(a=alias)
        + (" desc" if column.descending else "")
        + (" nulls last" if column.nullable else "")
        for column in found
    )


Value = int | str | bool | None


def behind(
    found: Sequence[Column], values: Sequence[Value], alias: str, bound: Sequence[str]
) -> str:
    """The condition, as ` and ...`, that a row comes after the one of these values; `bound` are
    their placeholders.
    """
    names = [column.sql.format(a=alias) for column in found]
    ways = {column.descending for column in found}
    if len(ways) == 1 and not any(column.nullable for column in found):
        # Compared as rows, an index answers it.
        return f" and ({', '.join(names)}) {'<' if ways == {True} else '>'} ({', '.join(bound)})"
    tests, equal = [], ""
    for column, name, value, place in zip(found, names, values, bound, strict=True):
        if value is not None:
            later = f"{name} {'<' if column.descending else '>'} {place}"
            later = f"({later} or {name} is null)" if column.nullable else later
            tests.append(f"({equal}{later})")
            equal += f"{name} = {place} and "
        else:
            equal += f"{name} is null and "
    return f" and ({' or '.join(tests) or 'false'})"


def gathered(sort: Sort, source: str, scope: Scope, binder: Binder) -> str:
    """The rows `r` of a source with the values of the computed keys beside them, as `v0`, `v1`...

    One pass over the matches and one over the owner's slice of each parameter, put together by
    grouping: a join may be planned as a loop over the slice for every match.
    """
    computed = {place: key for place, key in enumerate(sort) if key.computed}
    if not computed:
        return source
    matched = ", ".join(
        f"{_said(key, scope, binder) if key.by == 'body' else 'null'}::{_TYPES[key.by]} as v{place}"
        for place, key in computed.items()
    )
    parts = [
        "select r.owner, r.rtype, r.rid, r.fid, r.updated, r.lo, true as hit,"
        f" {matched} from {source}"
    ]
    for place, key in computed.items():
        if key.by == "body":
            continue
        columns_ = ", ".join(
            f"{'x.' + _VALUES[key.by] if other == place else 'null::' + _TYPES[computed[other].by]}"
            for other in computed
        )
        keyed = binder.bind(_param_keys(scope.rtype, key), "bigint[]")
        parts.append(
            f"select x.owner, {scope.number}::smallint, x.rid, null, null, null, false, {columns_}"
            f" from fhir_{key.by} x where {scope.owners.own('x')} and x.key = any({keyed})"
        )
    values = ", ".join(
        f"{'max' if key.descending else 'min'}(m.v{place}) as v{place}"
        for place, key in computed.items()
    )
    return (
        "(select m.owner, m.rtype, m.rid, min(m.fid) as fid, min(m.updated) as updated,"
        f" min(m.lo) as lo, {values} from ({' union all '.join(parts)}) m"
        " group by m.owner, m.rtype, m.rid having bool_or(m.hit)) r where true"
    )


_VALUES = {"string": "val", "range": "lo"}


def _param_keys(rtype: str, key: Key) -> list[int]:
    names = [*key.parameter.stored] if key.parameter else []
    if key.by == "range":  # a Range is sorted by where it begins
        names += map(spanned_of, key.parameter.stored if key.parameter else ())
    return [keys.param_key(rtype, name) for name in names]


_INSIDE = {
    "CodeableConcept": '."coding"."code"',
    "Coding": '."code"',
    "Identifier": '."value"',
    "ContactPoint": '."value"',
    "Reference": '."reference"',
}


def _said(key: Key, scope: Scope, binder: Binder) -> str:
    """The smallest or largest of what a body says under the paths of a token or reference."""
    paths = [
        json_path(names) + _INSIDE.get(kind, "[*]")
        for names, kind in map(split_type, key.parameter.paths if key.parameter else ())
        if kind != "exists"
    ]
    if not paths:
        return "null"
    said = " union all ".join(
        f"select jsonb_path_query(d.j, {binder.bind(path, 'jsonpath')}) as j" for path in paths
    )
    chosen = "max" if key.descending else "min"
    return (
        f"(select {chosen}(lower(s.j #>> '{{}}') collate \"C\") from fhir_resource t,"
        f" lateral (select fhir_json(t.body) as j offset 0) d, lateral ({said}) s"
        f" where {scope.owners.own('t')} and t.owner = r.owner and t.rtype = r.rtype"
        " and t.rid = r.rid)"
    )
