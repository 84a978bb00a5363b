"""Running a search: the exact total, and the page that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fhirstore.errors import InvalidRequest
from fhirstore.permissions import widened
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows, statement
from fhirstore.search.compile import compile_search
from fhirstore.search.condition import Plan, Scope
from fhirstore.search.moments import microseconds
from fhirstore.search.paging import OWNER_MARK, Position, following_search, start_of
from fhirstore.search.request import SearchRequest
from fhirstore.search.rows import Row


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found: all in all, the rows of this page, and the paging parameter of the next
    one ("" on the last)."""

    total: int
    rows: Sequence[Row]
    following: str


NONE = Found(total=0, rows=(), following="")


def run(request: SearchRequest, scope: Scope) -> Found:
    """Compile and run a search of one type."""
    plan = compile_search(request, scope)
    counted = statement.total(plan)
    total, permitted = rows.select(counted.sql, counted.values)[0]
    if permitted:
        return run(request, replace(scope, owners=widened(scope.owners, version=scope.version)))
    if request.total_only or total == 0:
        return Found(total=total, rows=(), following="")
    wanted = statement.Page(
        sort=request.sort,
        limit=request.count + 1,
        offset=request.skip or 0,
        after=_after(request, plan),
    )
    paged = statement.page(plan, wanted, many=total > statement.MANY)
    found = rows.resources(paged.sql, paged.values, version=request.version)
    shown = found[: request.count]
    following = ""
    if len(found) > request.count:
        last = _position(shown[-1], request)
        next_fid = found[request.count].fid
        following = following_search(request, last=last, next_fid=next_fid, shown=len(shown))
    return Found(total=total, rows=shown, following=following)


def _position(row: Row, request: SearchRequest) -> Position:
    value: str | int = row.fid
    if request.sort.by == "rid":
        value = row.rid
    elif request.sort.by == "updated":
        value = microseconds(row.updated)
    return Position(value=value, fid=row.fid, owner=row.owner)


def _after(request: SearchRequest, plan: Plan) -> Position | None:
    start = start_of(request)
    if not isinstance(start, str):
        return start
    fid, _, mark = start.partition(OWNER_MARK)
    owner = int(mark) if mark.isdecimal() and len(mark) < 19 else 2**63 - 1
    if request.sort.by == "fid":
        return Position(value=fid, fid=fid, owner=owner)
    return _sorted_position(fid, request, plan.scope)


def _sorted_position(fid: str, request: SearchRequest, scope: Scope) -> Position:
    """The position of an id in another order than by id: the row itself tells."""
    sql = f"""
select r.owner, r.rid, r.updated from fhir_resource r
where {scope.owners.own("r")} and r.rtype = {NUMBERS[request.rtype]} and r.fid = %(fid)s::text
  and (r.vers & {scope.bit}) <> 0{scope.owners.visible("r", scope.bit)}
order by {scope.owners.once()[1]} limit 1"""
    found = rows.select(sql, {**scope.owners.values(), "fid": fid})
    if not found:
        raise InvalidRequest("_afterid names no resource that is still there; begin again")
    owner, rid, updated = found[0]
    value = rid if request.sort.by == "rid" else microseconds(updated)
    return Position(value=value, fid=fid, owner=owner)
