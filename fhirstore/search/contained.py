"""Resources within others (`_contained`, hl7.org/fhir/R4/search.html#contained): which there are.

They have no index rows of their own; what does is a row that tells which types a resource contains
(fhirstore/keys.py). So those of the types asked for are read from their containers, indexed by the
extraction that indexes everything, in temporary tables, and the very statement of the search is
asked of these: it finds within what it would find outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhirstore import database as db
from fhirstore import digits, keys
from fhirstore.errors import TooCostly
from fhirstore.fragments import packed
from fhirstore.packed_rows import RANGE_COLUMNS, STRING_COLUMNS, TOKEN_COLUMNS, tail
from fhirstore.rtypes import NAMES as RTYPES
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.inside import NAMES
from fhirstore.search.moments import microseconds
from fhirstore.versions import as_served

MOST, MOST_BYTES = 5000, 64_000_000
"""Contained resources that one search looks at, and bytes of their containers."""
_MARK = "!"
"""Between the parts of an inner resource's place in the order of ids: it comes before whatever an
id may be made of, so what is contained follows its container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A resource that contains others."""

    owner: int
    rtype: int
    rid: int
    fid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A contained resource: `number`, which of its container's it is; `name`, its own id."""

    container: Container
    number: int
    rtype: str
    name: str
    updated: datetime
    content: dict[str, Any]

    @property
    def place(self) -> str:
        """Its id in the order of ids, and what it is found by among others."""
        parts = (self.container.fid, RTYPES[self.container.rtype], f"{self.number:05d}")
        return _MARK.join(parts)


def inner_resources(rtypes: Sequence[str], scope: Scope) -> list[Inner]:
    """The resources of these types that others contain, as far as the scope sees their containers.
    Raises `TooCostly`. One without an id has no name to be told by, and is none of them."""
    found: list[Inner] = []
    for container, updated, body in _containers(rtypes, scope):
        for number, content in enumerate(_contents(body)):
            rtype, name = content.get("resourceType"), content.get("id")
            if isinstance(rtype, str) and rtype in rtypes and isinstance(name, str) and name:
                found.append(
                    Inner(
                        container=container,
                        number=number,
                        rtype=rtype,
                        name=name,
                        updated=updated,
                        content=content,
                    )
                )
    if len(found) > MOST:
        raise _too_many()
    return found


def _too_many() -> TooCostly:
    return TooCostly(
        f"search parameter _contained: there are more than {MOST} contained resources to look at"
    )


def _contents(body: bytes) -> list[dict[str, Any]]:
    found = digits.loads(body).get("contained")
    return [one if isinstance(one, dict) else {} for one in found] if type(found) is list else []


def _containers(rtypes: Sequence[str], scope: Scope) -> Iterator[tuple[Container, datetime, bytes]]:
    owners, binder = scope.owners, Binder()
    wanted = binder.bind([keys.contained_key(rtype) for rtype in rtypes], "bigint[]")
    seen = sight.seen_of_any(scope, binder, "r", letters="s")
    same, first = "r.owner, r.rtype, r.rid", ""
    if owners.several:
        same, first = owners.once()
    sql = f"""
select distinct on ({same}) r.owner, r.rtype, r.rid, octet_length(r.body) from fhir_token x
join fhir_resource r on r.owner = x.owner and r.rtype = x.sys and r.rid = x.rid
where {owners.own("x")} and {owners.own("r")} and x.key = any({wanted})
  and (x.vers & {scope.bit}) <> 0 and (r.vers & {scope.bit}) <> 0
  {owners.visible("r", scope.bit)}{seen}
order by {first or same} limit {MOST + 1}"""
    named = rows.select(sql, {**owners.values(), **binder.values})
    if len(named) > MOST or sum(size for *_, size in named) > MOST_BYTES:
        raise _too_many()
    values = dict(zip(("w_owners", "w_rtypes", "w_rids"), _columns(named), strict=True))
    for owner, rtype, rid, fid, updated, vers, body in rows.select(
        _BODIES.format(own=owners.own("b")), {**owners.values(), **values}
    ):
        container = Container(owner=owner, rtype=rtype, rid=rid, fid=fid.decode())
        yield container, updated, as_served(body=body, vers=vers, version=scope.version)


def _columns(named: Sequence[tuple[Any, ...]]) -> list[list[int]]:
    return [[row[at] for row in named] for at in range(3)]


_BODIES = """
select b.owner, b.rtype, b.rid, b.fid, b.updated, b.vers, b.body
from unnest(%(w_owners)s::bigint[], %(w_rtypes)s::smallint[], %(w_rids)s::bigint[])
  as w(owner, rtype, rid)
cross join lateral (
  select b.* from fhir_resource b where {own} and b.owner = w.owner and b.rtype = w.rtype
    and b.rid = w.rid offset 0
) b"""


_CREATE = "".join(
    f"create temp table if not exists within_{name} (like fhir_{name} including indexes)"
    " on commit delete rows;"
    for name in NAMES
)
_TABLES = ", ".join(f"within_{name}" for name in NAMES)
_EMPTY = f"truncate {_TABLES}"
_ANALYZE = f"select set_config('default_statistics_target', '10', true); analyze {_TABLES}"
_FEW = 200
_RESOURCE_COLUMNS = (
    "owner, rid, self, updated, lo, hi, present, version, rtype, vers, fid, keys, body"
)
_HEAD = db.fixed("int8", "int8", "int8", "int8")
_NUMBERS = db.fixed("int8", "int4", "int2", "int2")


def fill(inner: Sequence[Inner], scope: Scope) -> dict[int, Inner]:
    """Index the inner resources in tables of this connection, for the rest of the transaction; they
    are returned by their row ids there."""
    by_rid: dict[int, Inner] = {}
    resources = db.Copy("within_resource", _RESOURCE_COLUMNS)
    tokens = db.Copy("within_token", TOKEN_COLUMNS)
    ranges = db.Copy("within_range", RANGE_COLUMNS)
    strings = db.Copy("within_string", STRING_COLUMNS)
    for seq, one in enumerate(inner):
        # Of several owners' rows only those of the caller's own are visible without more.
        owner = one.container.owner if scope.owners.merged else scope.owners.numbers[0]
        found = packed({scope.version: one.content})
        rid = keys.undated(microseconds(one.updated) // 1000, seq)
        if found.lo is not None:
            rid = keys.dated(found.lo // 1000, seq)
        by_rid[rid] = one
        resources.add(
            _HEAD(8, owner, 8, rid, 8, 0, 8, db.since_2000(one.updated)),
            db.int8(found.lo),
            db.int8(found.hi),
            _NUMBERS(8, found.present, 4, 0, 2, NUMBERS[one.rtype], 2, scope.bit),
            db.text(one.place),
            db.packed_int8s(found.keys),
            db.raw(digits.dumps(one.content)),
        )
        end = tail(owner, rid)
        tokens.add_rows(found.tokens, end)
        ranges.add_rows(found.ranges, end)
        strings.add_rows(found.strings, end)
    cursor = db.cursor()
    cursor.execute(_CREATE)
    cursor.execute(_EMPTY)
    for copy in (resources, tokens, ranges, strings):
        copy.write(cursor)
    if len(inner) > _FEW:
        # Told nothing, the planner takes a table for tiny and reads all of it for every row.
        cursor.execute(_ANALYZE)
    return by_rid
