"""What comes along with the matches of a page: `_include` and `_revinclude`
(hl7.org/fhir/R4/search.html#include).

References are read from the bodies of what is shown; what refers to something shown is found by the
keys of its references. Both look only at what the call may see: its owners' rows, as far as its
scopes reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import orjson

from accounts.scopes import READING
from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.permissions import widened
from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.controls import ANY, Include
from fhirstore.search.definitions import SearchParameter, named_by_url, parameters, types
from fhirstore.search.held_types import held_types
from fhirstore.search.referred import Keyed, Name, Referred, codes, referred
from fhirstore.search.rows import COLUMNS, Row
from fhirstore.search.spellings import canonical_names
from fhirstore.search.statement import Statement

MOST = 5000
"""Resources that come along with one page; what is beyond is left out, and told so."""
ROUNDS = 16
"""How often `:iterate` begins again from what has come along."""
BROADEST = 100_000
"""Keys of one round: parameters times resources."""


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
        found = referred(frontier, forward, self.scope) if forward else Referred()
        if names := found.names - self.known:
            new += self._take(named(self.scope, names, self._limit()))
        if found.keys:
            by_url = referring(self.scope, list(found.keys), self._limit())
            new += self._take(by_url, found.means)
        if backward := self._keys(frontier, [i for i in includes if i.reverse]):
            new += self._take(referring(self.scope, backward, self._limit()))
        return new

    def _limit(self) -> int:
        return MOST + len(self.known) + 1

    def _take(
        self, candidates: Statement, meant: Callable[[Row], bool] = lambda row: True
    ) -> list[Row]:
        found = rows.resources(candidates.sql, candidates.values, version=self.scope.version)
        new = [row for row in found if _name(row) not in self.known and meant(row)]
        room = MOST - len(self.found)
        if len(new) > room:
            new, self.complete = new[:room], False
        self.known.update(map(_name, new))
        self.found += new
        return new

    def _keys(self, frontier: Sequence[Row], includes: Sequence[Include]) -> list[Keyed]:
        """The keys of references to the frontier."""
        found: dict[Keyed, None] = {}
        for include in includes:
            here = [r for r in frontier if include.target in ("", NAMES[r.rtype])]
            for source in self._sources(include):
                for code in codes(self.scope.version, source, include.code):
                    parameter = parameters(self.scope.version, source)[code]
                    fits = [r for r in here if _may_point(parameter, NAMES[r.rtype])]
                    for key, row in product(parameter.stored, fits):
                        own = keys.param_key(source, key)
                        for self_key in self._self_keys(row, parameter):
                            found[row.owner, own ^ self_key, NUMBERS[source]] = None
                    if len(found) > BROADEST:
                        problem = "leads to too many types; name them, or ask for a smaller page"
                        raise InvalidValue(parameter=include.name, problem=problem)
        return list(found)

    def _self_keys(self, row: Row, parameter: SearchParameter) -> Iterator[int]:
        """What references to a resource hash to: its name, and where the parameter's references are
        canonical its url, of its version or of none."""
        rtype = NAMES[row.rtype]
        yield keys.self_key(f"{rtype}/{row.fid}")
        if parameter.canonical:
            resource = orjson.loads(row.body)
            url = resource.get("url")
            if isinstance(url, str) and named_by_url(self.scope.version, rtype):
                yield from map(keys.self_key, canonical_names(url, resource.get("version")))

    def _sources(self, include: Include) -> Iterator[str]:
        if include.source != ANY:
            yield include.source
            return
        known = types(self.scope.version)
        yield from (rtype for rtype in held_types(self.scope.owners) if rtype in known)


def _name(row: Row) -> Name:
    return row.owner, row.rtype, row.fid


def _may_point(parameter: SearchParameter, rtype: str) -> bool:
    return not parameter.targets or rtype in parameter.targets


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
    rtypes = {NAMES[rtype] for _, rtype, _ in wanted}
    return _statement(scope, source, held, bound, limit, rtypes, READING)


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
    # What refers to something is found as by a search; what is referred to is read.
    rtypes = {NAMES[rtype] for _, _, rtype in keyed}
    return _statement(scope, source, held, bound, limit, rtypes, "s")


def _statement(
    scope: Scope,
    source: str,
    held: str,
    bound: dict[str, Any],
    limit: int,
    rtypes: set[str],
    letters: str,
) -> Statement:
    """The rows `r` for which `held` is true beside those of `source`, by id; `rtypes`: what they
    can be; `letters`: what a scope must permit."""
    owners, binder = scope.owners, Binder()
    seen = sight.seen_of_any(scope, binder, "r", rtypes=sorted(rtypes), letters=letters)
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
) p cross join lateral (
  select * from fhir_resource b
  where {owners.own("b")} and b.owner = p.owner and b.rtype = p.rtype and b.rid = p.rid limit 1
) b order by b.fid, b.rtype, b.owner"""
    values = {**owners.values(), **binder.values, **bound, "limit": limit}
    return Statement(sql=sql, values=values)
