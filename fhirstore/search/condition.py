"""What a clause becomes: SQL over the index rows with bound values, and how it is joined to
others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from accounts.scopes import WHOLE, Sight
from fhirstore.errors import InvalidRequest
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search.owners import Owners

MOST_BOUND = 30_000
"""Values in one statement: PostgreSQL takes 65,535, and plans for minutes long before."""


class Binder:
    """Values of one statement, each under a name of its own: nothing a client sends becomes SQL."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def bind(self, value: Any, kind: str) -> str:
        """The placeholder of a value of a PostgreSQL type ("bigint", "text[]"). Raises
        `InvalidRequest` where a statement gets too large."""
        if len(self.values) >= MOST_BOUND:
            raise InvalidRequest("the search compares with too many values")
        return self.name(f"v{len(self.values)}", value, kind)

    def name(self, name: str, value: Any, kind: str) -> str:
        """The placeholder of a value under a name that the caller chooses."""
        self.values[name] = value
        return f"%({name})s::{kind}"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What every clause of a search shares: its version's bit, its type, whose rows it reads and
    what of them may be seen (`fhirstore.search.sight`)."""

    owners: Owners
    version: str
    bit: int
    rtype: str
    number: int
    now_microseconds: int
    base: str
    sight: Sight = WHOLE


def of_type(scope: Scope, *, version: str, rtype: str) -> Scope:
    """The scope of a search of another type or version."""
    return replace(
        scope, version=version, bit=VERSION_BITS[version], rtype=rtype, number=NUMBERS[rtype]
    )


@dataclass(frozen=True, kw_only=True)
class Branch:
    """Index rows that match: `where` over alias `x` of `table`.

    `single`: no resource has two of them. `versioned`: they show that the resource is visible in
    the version asked for.
    """

    table: str
    where: str
    single: bool = False
    versioned: bool = False

    def select(self, owners: Owners) -> str:
        return (
            f"select {owners.row('x')} from {self.table} x where {owners.own('x')} and {self.where}"
        )


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A filter: the resource has a row in one of the branches, or `resource` holds of its row `r`,
    or `rid` holds of the row id of `{d}`.

    `negated` turns all of it round. `rank`: the lower, the fewer rows are expected.
    """

    branches: tuple[Branch, ...] = ()
    resource: str = ""
    rid: str = ""
    negated: bool = False
    rank: int = 5

    @property
    def drives(self) -> bool:
        """Whether a statement can start from its index rows alone."""
        return len(self.branches) == 1 and not (self.negated or self.resource or self.rid)

    def test(self, owners: Owners, alias: str) -> str:
        """The filter as a test of the row `alias`; `resource` tests need `alias` to be `r`."""
        tests = [_among(branch, owners, alias) for branch in self.branches]
        tests += [f"({self.resource})"] if self.resource else []
        tests += [f"({self.rid.format(d=alias)})"] if self.rid else []
        text = f"({' or '.join(tests)})" if tests else "false"
        return f"not {text}" if self.negated else text


def _among(branch: Branch, owners: Owners, alias: str) -> str:
    """Whether a row is among a branch's. Token rows can be probed by resource; the others lie in
    the order of their values, so they are gathered once and looked into: `is true` keeps the
    planner from joining them, which may read them again for every resource."""
    among = owners.among(alias, branch.select(owners))
    return among if branch.table == "fhir_token" else f"({among}) is true"


NOTHING = Condition()
"""No resource."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A compiled search: conditions that must all hold, the values they bind, and (`seen`, as
    ` and ...` of the row `r`) what the token's scopes let be seen of the matches."""

    scope: Scope
    conditions: Sequence[Condition]
    values: Mapping[str, Any] = field(default_factory=dict)
    seen: str = ""
