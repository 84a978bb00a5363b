"""What comes along with the matches of a page: `_include` and `_revinclude`
(hl7.org/fhir/R4/search.html#include).

References are read from the bodies of what is shown, the one place where a search parses them; what
refers to something shown is found by the keys of its references. Both look only at what the call
may see: its owners' rows, as far as its scopes reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.permissions import widened
from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.controls import ANY, Include, references
from fhirstore.search.definitions import SearchParameter, parameters, types
from fhirstore.search.extract import readers
from fhirstore.search.rows import COLUMNS, Row
from fhirstore.search.statement import Statement
from fhirstore.search.values import targets

MOST = 5000
"""Resources that come along with one page; what is beyond is left out, and told so."""
ROUNDS = 16
"""How often `:iterate` begins again from what has come along."""
BROADEST = 100_000
"""Keys of one round: parameters times resources."""

Name = tuple[int, int, str]
"""(owner, rtype, fid)."""
Keyed = tuple[int, int, int]
"""(owner, key of a reference, rtype of what refers)."""


@dataclass(frozen=True, kw_only=True)
class Included:
    """What comes along, each resource once, none of those shown; `complete`: nothing was left
    out."""

    rows: Sequence[Row]
    complete: bool


NOTHING = Included(rows=(), complete=True)


def included(*, shown: Sequence[Row], includes: Sequence[Include], scope: Scope) -> Included:
    """The resources that come along with those of a page. Raises `InvalidValue` where the question
    is too broad.
    """
    if not shown or not includes:
        return NOTHING
    owners = scope.owners
    if not owners.several and any(row.owner not in owners.numbers for row in shown):
        scope = replace(scope, owners=widened(owners, version=scope.version))
    search = _Search(scope, shown)
    asked: Sequence[Include] = includes
    frontier = shown
    for _ in range(ROUNDS):
        frontier = search.beside(frontier, asked)
        asked = [include for include in includes if include.iterate]
        if not (frontier and asked and search.complete):
            break
    return Included(rows=search.found, complete=search.complete)


class _Search:
    """The rounds of one page: remembers what is there already."""

    def __init__(self, scope: Scope, shown: Sequence[Row]) -> None:
        self.scope = scope
        self.known: set[Name] = {_name(row) for row in shown}
        self.found: list[Row] = []
        self.complete = True

    def beside(self, frontier: Sequence[Row], includes: Sequence[Include]) -> list[Row]:
        """What comes along with the frontier and was not there yet."""
        new: list[Row] = []
        forward = [include for include in includes if not include.reverse]
        if forward and (wanted := self._referred(frontier, forward)):
            new += self._take(named(self.scope, wanted, self._limit()))
        if backward := self._keys(frontier, [i for i in includes if i.reverse]):
            new += self._take(referring(self.scope, backward, self._limit()))
        return new

    def _limit(self) -> int:
        return MOST + len(self.known) + 1

    def _take(self, candidates: Statement) -> list[Row]:
        found = rows.resources(candidates.sql, candidates.values, version=self.scope.version)
        new = [row for row in found if _name(row) not in self.known]
        room = MOST - len(self.found)
        if len(new) > room:
            new, self.complete = new[:room], False
        self.known.update(map(_name, new))
        self.found += new
        return new

    def _referred(self, frontier: Sequence[Row], includes: Sequence[Include]) -> set[Name]:
        """What the frontier refers to, of all that is not there yet."""
        found: set[Name] = set()
        for row in frontier:
            source = NAMES[row.rtype]
            mine = [i for i in includes if i.source in (source, ANY)]
            resource = orjson.loads(row.body) if mine else {}
            for include in mine:
                for parameter in _parameters(self.scope.version, source, include.code):
                    for target in _named_here(parameter, resource, self.scope):
                        rtype, _, fid = target.partition("/")
                        if rtype in NUMBERS and include.target in ("", rtype):
                            found.add((row.owner, NUMBERS[rtype], fid))
        return found - self.known

    def _keys(self, frontier: Sequence[Row], includes: Sequence[Include]) -> list[Keyed]:
        """The keys of references to the frontier."""
        found: dict[Keyed, None] = {}
        for include in includes:
            here = [r for r in frontier if include.target in ("", NAMES[r.rtype])]
            for source in self._sources(include):
                for parameter in _parameters(self.scope.version, source, include.code):
                    fits = [r for r in here if _may_point(parameter, NAMES[r.rtype])]
                    for stored in parameter.stored:
                        own = keys.param_key(source, stored)
                        for row in fits:
                            target = keys.self_key(f"{NAMES[row.rtype]}/{row.fid}")
                            found[row.owner, own ^ target, NUMBERS[source]] = None
                    if len(found) > BROADEST:
                        problem = "leads to too many types; name them, or ask for a smaller page"
                        raise InvalidValue(parameter=include.name, problem=problem)
        return list(found)

    def _sources(self, include: Include) -> Iterator[str]:
        if include.source != ANY:
            yield include.source
            return
        sql = f"""
select t.rtype from unnest(%(rtypes)s::smallint[]) as t(rtype)
cross join lateral (select 1 from fhir_resource r where {self.scope.owners.own("r")}
  and r.rtype = t.rtype limit 1) hit"""
        every = [NUMBERS[name] for name in types(self.scope.version)]
        bound = {**self.scope.owners.values(), "rtypes": every}
        yield from (NAMES[rtype] for (rtype,) in rows.select(sql, bound))


def _name(row: Row) -> Name:
    return row.owner, row.rtype, row.fid


def _parameters(version: str, rtype: str, code: str) -> list[SearchParameter]:
    if code == ANY:
        return list(references(version, rtype).values())
    parameter = parameters(version, rtype).get(code)
    return [parameter] if parameter else []


def _may_point(parameter: SearchParameter, rtype: str) -> bool:
    return not parameter.targets or rtype in parameter.targets


def _named_here(parameter: SearchParameter, resource: Any, scope: Scope) -> Iterator[str]:
    """The resources of this server that a parameter's references name, as "Type/id"."""
    homes = (f"{scope.base}/fhir/{scope.version}/", f"{scope.base}/{scope.version}/")
    for kind, read in readers(parameter):
        for value in read(resource):
            for target in targets(kind, value):
                for home in homes:
                    target = target.removeprefix(home)
                if target.count("/") == 1 and "\0" not in target:
                    yield target


def named(scope: Scope, names: Iterable[Name], limit: int) -> Statement:
    """The resources of these names; where several owners' rows are read, of each the one to
    show."""
    owners, bit = scope.owners, scope.bit
    own, visible = owners.own("r"), owners.visible("r", bit)
    held = f"{own} and r.rtype = w.rtype and r.fid = w.fid and (r.vers & {bit}) <> 0{visible}"
    if owners.merged:
        # Of what the same source brought to several users, the newest stands for all.
        same = (
            f"exists (select 1 from fhir_resource o where {owners.own('o')} and o.owner = w.owner"
            " and o.rtype = w.rtype and o.fid = w.fid and (o.owner = r.owner or o.src = r.src))"
        )
        held += f" and {same}"
    elif not owners.seen:
        held += " and r.owner = w.owner"
    wanted = sorted(names)
    source = (
        "unnest(%(w_owners)s::bigint[], %(w_rtypes)s::smallint[], %(w_fids)s::text[])"
        " as w(owner, rtype, fid)"
    )
    bound = {
        "w_owners": [owner for owner, _, _ in wanted],
        "w_rtypes": [rtype for _, rtype, _ in wanted],
        "w_fids": [fid for _, _, fid in wanted],
    }
    return _statement(scope, source, held, bound, limit, {NAMES[rtype] for _, rtype, _ in wanted})


def referring(scope: Scope, keyed: Sequence[Keyed], limit: int) -> Statement:
    """The resources that have a reference of one of these keys."""
    owners, bit = scope.owners, scope.bit
    source = f"""unnest(%(w_owners)s::bigint[], %(w_keys)s::bigint[], %(w_rtypes)s::smallint[])
    as k(owner, key, rtype)
  cross join lateral (select x.owner, k.rtype, x.rid from fhir_token x where {owners.own("x")}
    {"" if owners.several else "and x.owner = k.owner "}and x.key = k.key
    and (x.vers & {bit}) <> 0 offset 0) w"""
    held = (
        f"{owners.own('r')} and r.owner = w.owner and r.rtype = w.rtype and r.rid = w.rid"
        f" and (r.vers & {bit}) <> 0{owners.visible('r', bit)}"
    )
    bound = {
        "w_owners": [owner for owner, _, _ in keyed],
        "w_keys": [key for _, key, _ in keyed],
        "w_rtypes": [rtype for _, _, rtype in keyed],
    }
    return _statement(scope, source, held, bound, limit, {NAMES[rtype] for _, _, rtype in keyed})


def _statement(
    scope: Scope,
    source: str,
    held: str,
    bound: dict[str, Any],
    limit: int,
    rtypes: set[str],
) -> Statement:
    """The rows `r` for which `held` is true beside those of `source`, by id; `rtypes`: what they
    can be."""
    owners, binder = scope.owners, Binder()
    seen = sight.seen_of_any(scope, binder, "r", rtypes=sorted(rtypes))
    once, first = ("distinct", "")
    if owners.several:
        same, order = owners.once()
        once, first = f"distinct on ({same})", f" order by {order}"
    sql = f"""
select {COLUMNS} from (
  select m.owner, m.rtype, m.rid from (
    select {once} r.owner, r.rtype, r.rid, r.fid from {source}
    cross join lateral (
      select r.owner, r.rtype, r.rid, r.fid, r.src, r.updated from fhir_resource r
      where {held}{seen} offset 0
    ) r{first}
  ) m order by m.fid, m.rtype, m.owner limit %(limit)s::bigint
) p join fhir_resource b on b.owner = p.owner and b.rtype = p.rtype and b.rid = p.rid
where {owners.own("b")} order by b.fid, b.rtype, b.owner"""
    values = {**owners.values(), **binder.values, **bound, "limit": limit}
    return Statement(sql=sql, values=values)
