"""Searches the server makes for itself: the matches of a conditional interaction, and whether one
resource may be seen."""

from __future__ import annotations

from dataclasses import replace

from fhirstore.errors import InvalidRequest, UnknownParameter
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows, sight, statement
from fhirstore.search.compile import compile_search
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.request import BY_ID, parse, read_pairs
from fhirstore.search.rows import Row


def matching(*, version: str, rtype: str, query: str, scope: Scope, limit: int = 2) -> list[Row]:
    """The first resources, by id, that a search of one type finds among the scope's owners, as far
    as the scope's sight goes. `query` as in a URL. Raises `InvalidRequest` where a parameter is
    unknown or there is none, `InvalidValue`.
    """
    try:
        request = parse(version=version, rtype=rtype, pairs=read_pairs(query), strict=True)
    except UnknownParameter as error:
        raise InvalidRequest(error.text) from error
    if not request.clauses:
        raise InvalidRequest("a condition names at least one search parameter")
    plan = compile_search(request, of_type(scope, version=version, rtype=rtype))
    found = statement.page(plan, statement.Page(sort=BY_ID, limit=limit), many=False)
    return rows.resources(found.sql, found.values, version=version)


def visible(*, rtype: str, fid: str, scope: Scope, letters: str = "r") -> bool:
    """Whether the scope's sight shows the current resource of an id. Without a narrower sight
    nothing is asked.
    """
    if scope.sight.of(rtype, letters) is None:
        return True
    scope, binder = of_type(scope, version=scope.version, rtype=rtype), Binder()
    seen = sight.seen(scope, binder, letters=letters)
    sql = f"""
select 1 from fhir_resource r where {scope.owners.own("r")} and r.rtype = {scope.number}
  and r.fid = {binder.bind(fid, "text")} and (r.vers & {scope.bit}) <> 0{seen} limit 1"""
    return bool(rows.select(sql, {**binder.values, **scope.owners.values()}))


def of_type(scope: Scope, *, version: str, rtype: str) -> Scope:
    """The scope of a search of another type or version."""
    return replace(
        scope, version=version, bit=VERSION_BITS[version], rtype=rtype, number=NUMBERS[rtype]
    )
