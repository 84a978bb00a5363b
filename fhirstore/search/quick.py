"""Searches of one user that need nothing to be known of the user beforehand: the statement itself
finds out who asks (`accounts.claims`). Most are asked again and again with nothing different but
the user, so what they mean and the statement that they become are kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from accounts.claims import Claim
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows, statement, totals
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.controls import Controls
from fhirstore.search.execute import Found, answer_of, exact, found_in
from fhirstore.search.owners import Owners
from fhirstore.search.paging import Position, start_of
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import SearchRequest
from fhirstore.search.sorting import Column, columns
from fhirstore.search.totals import Counted

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_KINDS = frozenset(("token", "string", "date", "number", "quantity", "reference", "uri", "id"))
_MODIFIERS = frozenset(("", "not", "missing", "exact", "contains"))
"""What is compiled from the definitions alone; a value set or a List has to be read."""
_MEASURED = frozenset(("number", "quantity"))
_MOST_MEASURED, LONGEST = 10, 10_000
"""Values with a precision, each of which is compared in many ways, and characters of a statement.
It is made, planned and kept, by PostgreSQL too, before anything is known of who asks: what a
stranger sends must not cost much of any."""


@dataclass(eq=False, slots=True)
class Question:
    """A search that can be asked so. `statements` by whether there are many matches; None: one
    that is too long."""

    request: SearchRequest
    scope: Scope
    ordered: Sequence[Column]
    after: Position | None
    statements: dict[bool | None, statement.Statement | None] = field(default_factory=dict)


def question(request: SearchRequest, *, base: str) -> Question | None:
    """The search as a question to anybody; None where it can only be asked of somebody known, or
    depends on the time."""
    shown = replace(request.controls, elements=(), summary="")
    if request.total_only or request.within or shown != Controls():
        return None
    if not all(map(_plain, request.clauses)):
        return None
    measured = [c.values for c in request.clauses if c.parameter.type in _MEASURED]
    if sum(map(len, measured)) > _MOST_MEASURED:
        return None
    ordered = columns(request.sort, mixed=False, several=False)
    after = start_of(request, ordered)
    if isinstance(after, str):
        if [column.sql for column in ordered] != ["{a}.fid"] or not _ID.fullmatch(after):
            return None
        after = Position(values=(after,))
    scope = Scope(
        owners=Owners(numbers=()),
        version=request.version,
        bit=VERSION_BITS[request.version],
        rtype=request.rtype,
        number=NUMBERS[request.rtype],
        now_microseconds=0,
        base=base,
    )
    return Question(request=request, scope=scope, ordered=ordered, after=after)


def _plain(clause: Clause) -> bool:
    return (
        not (clause.reverse or clause.chained)
        and clause.parameter.type in _KINDS
        and clause.modifier in _MODIFIERS
        and not clause.parameter.parts
        and not any(value.startswith("ap") for value in clause.values)
    )


def find(asked: Question, claim: Claim) -> Found | None:
    """The page, as the claim's user sees it; None where it has to be asked in the ordinary way: the
    claim may not hold, there may be nothing, others may let the user see more."""
    request = asked.request
    told = (claim.key, request.version, request.rtype, request.filters)
    known = totals.recall(told)
    many = None if known is None else known.total > statement.MANY
    if many not in asked.statements:
        compiled = _compiled(asked, many)
        asked.statements[many] = compiled if len(compiled.sql) <= LONGEST else None
    made = asked.statements[many]
    if made is None:
        return None
    known = known or Counted(-1, 0)
    values = {
        **made.values,
        statement.KNOWN_SEQ: known.seq,
        statement.KNOWN_TOTAL: known.total,
    }
    head, found = rows.page(
        made.sql, values, version=request.version, head=statement.HEAD, by=claim.execute
    )
    answer = answer_of(head, found)
    if not found or answer.permitted:
        return None
    if answer.seq is not None and answer.total is not None and exact(request, answer.total):
        totals.remember(told, Counted(answer.seq, answer.total))
    return found_in(request, answer, asked.ordered)


def _compiled(asked: Question, many: bool | None) -> statement.Statement:
    binder, request = Binder(), asked.request
    wanted = statement.Page(
        sort=request.sort,
        limit=request.count + 1,
        offset=request.skip or 0,
        after=asked.after,
        counted=request.total,
        many=many,
        brief=True,
    )
    return statement.search(compile_parts(request, asked.scope, binder), wanted, binder)
