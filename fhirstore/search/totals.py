"""Exact totals, remembered. `fhir_owner.seq` moves with every change of an owner's data, so the
total of a search is right for as long as the owner is at the number under which it was counted:
whoever pages through a hundred pages counts once. Each process remembers its own.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from fhirstore.search.condition import Scope
from fhirstore.search.request import SearchRequest

MOST, LONGEST = 50_000, 1000
"""Totals that are remembered, and characters of the filters of one."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A total, and the owner's change number under which it was counted."""

    seq: int
    total: int


_known: dict[Hashable, Counted] = {}


def question(request: SearchRequest, scope: Scope) -> Hashable | None:
    """What a total answers; None where the same question may have another answer without a change
    of the owner's data: `ap` of a date depends on the time, and rows of several owners on what each
    of them does and lets be seen; and of a question too long to be kept.
    """
    if scope.owners.several or any("ap" in value for _, value in request.filters):
        return None
    if sum(len(name) + len(value) for name, value in request.filters) > LONGEST:
        return None
    return (
        scope.owners.numbers[0],
        request.version,
        request.rtype or tuple(part.rtype for part in request.parts),
        request.filters,
        request.within and (request.within.compartment, request.within.fid),
        "" if scope.sight.everything else scope.sight.granted,
    )


def recall(asked: Hashable | None) -> Counted | None:
    """The last total of a question, if it is remembered."""
    return None if asked is None else _known.get(asked)


def remember(asked: Hashable | None, counted: Counted) -> None:
    """Remember a total; the oldest give way."""
    if asked is None:
        return
    _known.pop(asked, None)
    _known[asked] = counted
    while len(_known) > MOST:
        try:
            del _known[next(iter(_known))]
        except (StopIteration, KeyError, RuntimeError):
            # Another thread makes room at the same moment.
            return


def forget_of(owner: int) -> None:
    """Forget the totals of one owner: counted in a transaction that was undone, whose numbers of
    change will be used again."""
    for asked in [
        asked for asked in list(_known) if isinstance(asked, tuple) and asked[0] == owner
    ]:
        _known.pop(asked, None)


def forget() -> None:
    """Forget all: for tests, whose transactions are rolled back and their numbers used again."""
    _known.clear()
