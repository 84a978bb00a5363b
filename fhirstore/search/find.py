"""Searches the server makes for itself: the matches of a conditional interaction, and whether one
resource may be seen."""

from __future__ import annotations

from fhirstore.errors import InvalidRequest, UnknownParameter
from fhirstore.search import rows, sight, statement
from fhirstore.search.condition import Binder, Scope, of_type
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import parse_ordinary, read_pairs
from fhirstore.search.rows import Row
from fhirstore.search.sorting import BY_ID


def matching(*, version: str, rtype: str, query: str, scope: Scope, limit: int = 2) -> list[Row]:
    """The first resources, by id, that a search of one type finds among the scope's owners, as far
    as the scope's sight goes. `query` as in a URL. Raises `InvalidRequest` where a parameter is
    unknown or there is none, `InvalidValue`.
    """
    try:
        request = parse_ordinary(version=version, rtype=rtype, pairs=read_pairs(query), strict=True)
    except UnknownParameter as error:
        raise InvalidRequest(error.text) from error
    if not request.clauses:
        raise InvalidRequest("a condition names at least one search parameter")
    binder = Binder()
    plans = compile_parts(request, of_type(scope, version=version, rtype=rtype), binder)
    found = statement.search(plans, statement.Page(sort=BY_ID, limit=limit, many=False), binder)
    return rows.page(found.sql, found.values, version=version, head=statement.HEAD)[1]


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
