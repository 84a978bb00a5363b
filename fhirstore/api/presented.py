"""A page of a search as Bundle entries: what matches, what comes along, how much of each is
shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson

from fhirstore import outcome
from fhirstore.api.call import Answer, Call
from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.search.bundle import hint, include, match, matching
from fhirstore.search.controls import Controls, read
from fhirstore.search.includes import MOST, included
from fhirstore.search.request import read_pairs
from fhirstore.search.rows import Row
from fhirstore.search.shown import show


def entries(call: Call, rows: Sequence[Row], *, controls: Controls) -> list[bytes]:
    """The entries of a page's matches, and behind them of what comes along."""
    found = _matches(call, rows, controls)
    if not controls.includes or not rows:
        return found
    # What comes along may be of any type; the one of the scope does not count.
    scope = replace(call, rtype=NAMES[rows[0].rtype]).scope()
    along = included(shown=rows, includes=controls.includes, scope=scope)
    for row in along.rows:
        body = show(row.body, version=call.version, controls=controls, came_along=True)
        found.append(include(full_url=full_url(call, row), body=body))
    return found if along.complete else [*found, hint(_left_out())]


def _matches(call: Call, rows: Sequence[Row], controls: Controls) -> list[bytes]:
    if not controls.whole:
        return [
            match(
                full_url=full_url(call, row),
                body=show(row.body, version=call.version, controls=controls),
            )
            for row in rows
        ]
    # All of one type is the rule; not so in $everything, which has the Patient's address, and
    # with containers of others. Ids need no escapes.
    number = NUMBERS.get(call.rtype)
    if controls.contained or any(row.rtype != number for row in rows):
        return [match(full_url=full_url(call, row), body=row.body) for row in rows]
    before, between = matching(f"{call.full_base}/{call.rtype}/")
    return [b"".join((before, row.fid_bytes, between, row.body, b"}")) for row in rows]


def full_url(call: Call, row: Row) -> str:
    """The address of a row's resource (wire contract 12.2)."""
    return f"{call.full_base}/{NAMES[row.rtype]}/{row.fid}"


def _left_out() -> bytes:
    text = (
        f"more than {MOST} resources would come along with this page: some were left out; ask for"
        " a smaller page"
    )
    return orjson.dumps(outcome.outcome(severity="warning", code="too-costly", text=text))


def in_part(call: Call, answer: Answer) -> Answer:
    """The answer to a read with so much of the resource as `_summary` and `_elements` ask for."""
    if "_summary" not in call.query and "_elements" not in call.query:
        return answer
    pairs = [pair for pair in read_pairs(call.query) if pair.name in ("_summary", "_elements")]
    wanted = read(version=call.version, pairs=pairs)
    body = show(answer.body, version=call.version, controls=wanted)
    return replace(answer, body=body)
