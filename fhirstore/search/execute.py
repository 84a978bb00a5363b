"""Running a search: the exact total, and the page that was asked for, by one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fhirstore.errors import InvalidRequest
from fhirstore.permissions import widened
from fhirstore.search import rows, statement, totals
from fhirstore.search.condition import Binder, Condition, Plan, Scope
from fhirstore.search.moments import microseconds
from fhirstore.search.paging import OWNER_MARK, Position, following_search, start_of
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import SearchRequest
from fhirstore.search.rows import Row
from fhirstore.search.sorting import Column, columns
from fhirstore.search.totals import Counted


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found: all in all (None: not asked for), the rows of this page, and the paging
    parameter of the next one ("" on the last)."""

    total: int | None
    rows: Sequence[Row]
    following: str


NONE = Found(total=0, rows=(), following="")


def run(request: SearchRequest, scope: Scope, *, brief: bool = False) -> Found:
    """Compile and run a search. `scope` is of its type; of any where there are several. `brief`:
    the rows of one user and one type will be asked for their ids and bodies only.
    """
    binder = Binder()
    plans = compile_parts(request, scope, binder)
    if not plans:
        return NONE
    brief = brief and bool(request.rtype) and not scope.owners.several
    answer = _answer(request, plans, binder, scope, brief)
    if answer is None or answer.permitted:
        owners = scope.owners
        wider = owners if owners.several else widened(owners, version=scope.version)
        if wider is not owners:
            return run(request, replace(scope, owners=wider), brief=brief)
        if answer is None:
            raise InvalidRequest("_afterid names no resource that is still there; begin again")
    return found_in(request, answer, _columns(request, plans))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the statement of a page says: the owner's change number, the total, whether others let
    the owner see something, the rows."""

    seq: int | None
    total: int | None
    permitted: bool
    rows: Sequence[Row]


def _answer(
    request: SearchRequest, plans: Sequence[Plan], binder: Binder, scope: Scope, brief: bool
) -> Answer | None:
    """The page and its total, remembered or counted; None where the page's place is lost."""
    after = _after(request, plans)
    if after is _LOST:
        return None
    asked = totals.question(request, scope)
    answer = _run(request, plans, binder, totals.recall(asked), after, brief)
    if answer.seq is not None and answer.total is not None and exact(request, answer.total):
        totals.remember(asked, Counted(answer.seq, answer.total))
    return answer


def exact(request: SearchRequest, total: int) -> bool:
    return request.total == "accurate" or total < statement.ESTIMATED


_LOST = Position(values=())
"""The place of a resource that is not among the owners'."""


def _run(
    request: SearchRequest,
    plans: Sequence[Plan],
    binder: Binder,
    known: Counted | None,
    after: Position | None,
    brief: bool,
) -> Answer:
    """One statement. `known`: a total that was right at some time, and tells the shape."""
    wanted = statement.Page(
        sort=request.sort,
        limit=0 if request.total_only else request.count + 1,
        offset=request.skip or 0,
        after=after,
        counted=request.total,
        known=known,
        mixed=not request.rtype,
        many=None if known is None else known.total > statement.MANY,
        brief=brief,
    )
    made = statement.search(plans, wanted, binder)
    head, found = rows.page(made.sql, made.values, version=request.version, head=statement.HEAD)
    if not found and wanted.limit:
        made = statement.search(plans, replace(wanted, limit=0), binder)
        head, _ = rows.page(made.sql, made.values, version=request.version, head=statement.HEAD)
    return answer_of(head, found)


def answer_of(head: rows.Head, found: Sequence[Row]) -> Answer:
    """What a page's statement said."""
    seq, total, permitted = head
    return Answer(
        seq=None if seq is None else int(seq),
        total=None if total is None else int(total),
        permitted=permitted == b"t",
        rows=found,
    )


def found_in(request: SearchRequest, answer: Answer, ordered: Sequence[Column]) -> Found:
    """The page of an answer in the order of these columns, and where the next one begins."""
    shown = answer.rows[: request.count]
    following = ""
    if len(answer.rows) > request.count and shown:
        following = following_search(
            request,
            last=position(shown[-1], ordered),
            shown=shown[-1],
            following=answer.rows[request.count],
            count=len(shown),
        )
    return Found(total=answer.total, rows=shown, following=following)


def _columns(request: SearchRequest, plans: Sequence[Plan]) -> list[Column]:
    several = plans[0].scope.owners.several
    return columns(request.sort, mixed=not request.rtype, several=several)


def _moment(value: bytes) -> int:
    return microseconds(datetime.fromisoformat(value.decode()))


_READ: dict[str, Callable[[bytes], Any]] = {
    "text": bytes.decode,
    "bigint": int,
    "smallint": int,
    "boolean": b"t".__eq__,
    "timestamptz": _moment,
}
"""How the values of an order's columns are read."""


def position(row: Row, ordered: Sequence[Column]) -> Position:
    """Where a row of a page stands in its order."""
    values = [
        None if value is None else _READ[column.kind](value)
        for value, column in zip(row.place, ordered, strict=True)
    ]
    return Position(values=tuple(values))


def _after(request: SearchRequest, plans: Sequence[Plan]) -> Position | None:
    ordered = _columns(request, plans)
    start = start_of(request, ordered)
    if not isinstance(start, str):
        return start
    fid, _, mark = start.partition(OWNER_MARK)
    owner = int(mark) if mark.isdecimal() and len(mark) < 19 else 2**63 - 1
    if [column.sql for column in ordered] == ["{a}.fid"]:
        return Position(values=(fid,))
    if [column.sql for column in ordered] == ["{a}.fid", "{a}.owner"]:
        return Position(values=(fid, owner))
    return _place_of(fid, owner, request, plans, ordered)


def _place_of(
    fid: str,
    owner: int,
    request: SearchRequest,
    plans: Sequence[Plan],
    ordered: Sequence[Column],
) -> Position:
    """The position of an id in another order than by id: the row itself tells, whether it still
    matches or not; `_LOST` where there is none that may be seen."""
    binder = Binder()
    binder.values.update(plans[0].values)
    named = f"r.fid = {binder.bind(fid, 'text')}"
    if owner < 2**63 - 1:
        named += f" and r.owner = {binder.bind(owner, 'bigint')}"
    alone = [replace(plan, conditions=[Condition(resource=named)]) for plan in plans]
    wanted = statement.Page(sort=request.sort, limit=1, mixed=not request.rtype)
    made = statement.search(alone, wanted, binder)
    _, found = rows.page(made.sql, made.values, version=request.version, head=statement.HEAD)
    if not found:
        return _LOST
    return position(found[0], ordered)
