"""A page of a search with `_contained`: which contained resources match, in the order of the
search, what stands for them (their containers, or they themselves), and with `both` the ordinary
matches among them.

All that match among the contained are found each time (there are few, `contained.MOST`); ordinary
matches are paged as ever. A page begins behind a position in the order, so both follow on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cmp_to_key

from django.db import transaction

from fhirstore import digits
from fhirstore.errors import InvalidRequest
from fhirstore.permissions import widened
from fhirstore.search import rows, statement
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Plan, Scope
from fhirstore.search.contained import MOST, Container, Inner, fill, inner_resources
from fhirstore.search.execute import NONE, Found, position
from fhirstore.search.inside import inside
from fhirstore.search.paging import Position, read_token, token
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import SearchRequest
from fhirstore.search.rows import Row
from fhirstore.search.sorting import Column, columns

_ALL = 2**31


class InnerRow(Row):
    """A contained resource as a row of a page: its name is its container's and, behind `#`, its
    own."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Inner) -> None:
        self._inner = inner

    @property
    def owner(self) -> int:
        return self._inner.container.owner

    @property
    def rtype(self) -> int:
        return self._inner.container.rtype

    @property
    def rid(self) -> int:
        return self._inner.container.rid

    @property
    def fid(self) -> str:
        return f"{self._inner.container.fid}#{self._inner.name}"

    @property
    def updated(self) -> datetime:
        return self._inner.updated

    @property
    def body(self) -> bytes:
        return digits.dumps(self._inner.content)


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """What may stand on a page, and where in the order. One of the three: an ordinary match, a
    contained resource that stands for itself, or its container."""

    at: Position
    row: Row | None = None
    inner: Inner | None = None
    container: Container | None = None


def run_contained(request: SearchRequest, scope: Scope) -> Found:
    """The page of a search whose controls ask for contained resources; those with the rows of
    ordinary matches where they ask for both. Raises `TooCostly`."""
    if not scope.owners.several:
        scope = replace(scope, owners=widened(scope.owners, version=scope.version))
    search = _Search(request, scope)
    return search.found() if search.plans else NONE


class _Search:
    def __init__(self, request: SearchRequest, scope: Scope) -> None:
        self.request, self.scope, self.binder = request, scope, Binder()
        self.plans = compile_parts(request, scope, self.binder)
        self.columns = columns(request.sort, mixed=not request.rtype, several=scope.owners.several)

    def found(self) -> Found:
        request = self.request
        both = request.controls.contained == "both"
        inner = self._inner()
        total: int | None = len(inner)
        if request.total == "none":
            total = None
        elif both:
            total = len(inner) + self._count()
        if request.total_only:
            return Found(total=total, rows=(), following="")
        shown, more = self._both(inner) if both else self._alone(inner)
        following = ""
        if more and shown and request.skip is not None:
            following = f"_skip={request.skip + len(shown)}"
        elif more and shown:
            following = f"_after={token(shown[-1].at, request.sort)}"
        return Found(total=total, rows=self._rows(shown), following=following)

    def _alone(self, inner: list[_Entry]) -> tuple[list[_Entry], bool]:
        start = self.request.skip or 0
        if after := self._after():
            start = sum(self._compare(one.at, after) <= 0 for one in inner)
        end = start + self.request.count
        return inner[start:end], end < len(inner)

    def _both(self, inner: list[_Entry]) -> tuple[list[_Entry], bool]:
        """Ordinary matches from the first that may stand on the page, and the contained among
        them."""
        skip, after = self.request.skip or 0, self._after()
        offset = max(0, skip - len(inner))
        limit = skip - offset + self.request.count + 1
        ordinary = self._ordinary(limit=limit, offset=offset, after=after)
        if after is not None:
            inner = [one for one in inner if self._compare(one.at, after) > 0]
        earlier = 0
        if offset:
            # So many of the contained come before the first ordinary match that was read.
            earlier = len(inner)
            if ordinary:
                earlier = sum(self._compare(one.at, ordinary[0].at) < 0 for one in inner)
        merged = [*ordinary, *inner[earlier:]]
        merged.sort(key=cmp_to_key(lambda one, other: self._compare(one.at, other.at)))
        start = max(0, skip - offset - earlier)
        end = start + self.request.count
        return merged[start:end], end < len(merged)

    def _after(self) -> Position | None:
        """The place a page begins behind. An id counts where the order is that of ids."""
        request = self.request
        if request.skip is not None:
            return None
        if request.after and (found := read_token(request.after, request.sort, self.columns)):
            return found
        if not request.afterid:
            return None
        if self.columns[0].sql != "{a}.fid":
            raise InvalidRequest("_afterid goes with the order of ids; follow the next link")
        last = [2**15 - 1 if c.kind == "smallint" else 2**63 - 1 for c in self.columns[1:]]
        return Position(values=(request.afterid, *last))

    def _compare(self, one: Position, other: Position) -> int:
        return compared(one, other, self.columns)

    def _inner(self) -> list[_Entry]:
        """The contained resources that match, or their containers, each once at the place of its
        first; those that are ordinary matches as well are left to these."""
        found = self._matching()
        if self.request.controls.contained_type == "contained":
            return [_Entry(at=at, inner=inner) for inner, at in found]
        first: dict[Container, Position] = {}
        for inner, at in found:
            first.setdefault(inner.container, at)
        if self.request.controls.contained == "both":
            for container in self._ordinarily(list(first)):
                del first[container]
        return [_Entry(at=at, container=container) for container, at in first.items()]

    def _matching(self) -> list[tuple[Inner, Position]]:
        """In order."""
        inner = inner_resources([plan.scope.rtype for plan in self.plans], self.scope)
        if not inner:
            return []
        wanted = statement.Page(
            sort=self.request.sort, limit=MOST, many=False, mixed=not self.request.rtype
        )
        binder, scope = Binder(), replace(self.scope, inside=True)
        with transaction.atomic():
            by_rid = fill(inner, scope)
            plans = compile_parts(_named(self.request, inner), scope, binder)
            asked = statement.search(plans, wanted, binder)
            _, found = rows.page(
                inside(asked.sql), asked.values, version=scope.version, head=statement.HEAD
            )
        return [(by_rid[row.rid], position(row, self.columns)) for row in found]

    def _ordinarily(self, containers: Sequence[Container]) -> list[Container]:
        """Those of the containers that the search finds themselves."""
        fids = [container.fid for container in containers]
        if not fids:
            return []
        binder = Binder()
        binder.values.update(self.binder.values)
        named = Condition(resource=f"r.fid = any({binder.bind(fids, 'text[]')})", rank=0)
        plans = [replace(plan, conditions=[*plan.conditions, named]) for plan in self.plans]
        found = self._page(plans, binder, limit=_ALL)
        there = {(row.owner, row.rtype, row.fid) for row in found}
        return [c for c in containers if (c.owner, c.rtype, c.fid) in there]

    def _ordinary(self, *, limit: int, offset: int, after: Position | None) -> list[_Entry]:
        binder = Binder()
        binder.values.update(self.binder.values)
        found = self._page(self.plans, binder, limit=limit, offset=offset, after=after)
        return [_Entry(at=position(row, self.columns), row=row) for row in found]

    def _page(
        self,
        plans: Sequence[Plan],
        binder: Binder,
        *,
        limit: int,
        offset: int = 0,
        after: Position | None = None,
    ) -> list[Row]:
        wanted = statement.Page(
            sort=self.request.sort,
            limit=limit,
            offset=offset,
            after=after,
            mixed=not self.request.rtype,
        )
        made = statement.search(plans, wanted, binder)
        return rows.page(made.sql, made.values, version=self.scope.version, head=statement.HEAD)[1]

    def _count(self) -> int:
        binder = Binder()
        binder.values.update(self.binder.values)
        wanted = statement.Page(sort=self.request.sort, limit=0, counted="accurate")
        made = statement.search(self.plans, wanted, binder)
        head, _ = rows.page(made.sql, made.values, version=self.scope.version, head=statement.HEAD)
        return int(head[1] or 0)

    def _rows(self, shown: Sequence[_Entry]) -> list[Row]:
        """What is shown, the containers read."""
        wanted = [entry.container for entry in shown if entry.container]
        containers = {(r.owner, r.rtype, r.rid): r for r in self._read(wanted)} if wanted else {}
        found: list[Row] = []
        for entry in shown:
            if entry.row:
                found.append(entry.row)
            elif entry.inner:
                found.append(InnerRow(entry.inner))
            elif entry.container:
                c = entry.container
                # Gone since it was found: what was deleted meanwhile is not shown.
                if row := containers.get((c.owner, c.rtype, c.rid)):
                    found.append(row)
        return found

    def _read(self, wanted: Sequence[Container]) -> list[Row]:
        owners = self.scope.owners
        sql = f"""
select {rows.COLUMNS}
from unnest(%(w_owners)s::bigint[], %(w_rtypes)s::smallint[], %(w_rids)s::bigint[])
  as w(owner, rtype, rid)
cross join lateral (
  select b.* from fhir_resource b where {owners.own("b")} and b.owner = w.owner
    and b.rtype = w.rtype and b.rid = w.rid offset 0
) b"""
        values = {
            **owners.values(),
            "w_owners": [one.owner for one in wanted],
            "w_rtypes": [one.rtype for one in wanted],
            "w_rids": [one.rid for one in wanted],
        }
        return rows.resources(sql, values, version=self.scope.version)


def compared(one: Position, other: Position, ordered: Sequence[Column]) -> int:
    """Which of two positions comes first, as PostgreSQL orders them: negative, zero or positive."""
    for column, here, there in zip(ordered, one.values, other.values, strict=True):
        if here == there:
            continue
        if here is None or there is None:
            return 1 if here is None else -1
        before = here < there  # type: ignore[operator]
        return -1 if before != column.descending else 1
    return 0


def _named(request: SearchRequest, inner: Sequence[Inner]) -> SearchRequest:
    """The search with `_id` meaning the ids that contained resources have within theirs."""
    parts = []
    for part in request.parts:
        clauses = tuple(_by_place(clause, part.rtype, inner) for clause in part.clauses)
        parts.append(replace(part, clauses=clauses))
    return replace(request, parts=tuple(parts))


def _by_place(clause: Clause, rtype: str, inner: Sequence[Inner]) -> Clause:
    if clause.name != "_id" or clause.modifier == "missing":
        return clause
    wanted = {value.rpartition("/")[2].replace("\\", "") for value in clause.values}
    places = [one.place for one in inner if one.rtype == rtype and one.name in wanted]
    return replace(clause, values=tuple(places) or ("",))
