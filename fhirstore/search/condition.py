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
    what of them may be seen (`fhirstore.search.sight`); `inside`: of contained resources
    (`fhirstore.search.inside`); `link`: of contained resources that others lead to
    (`fhirstore.search.links`), whose rows are those of the containers, of the type `number`."""

    owners: Owners
    version: str
    bit: int
    rtype: str
    number: int
    now_microseconds: int
    base: str
    sight: Sight = WHOLE
    inside: bool = False
    link: str = ""

    @property
    def keyed(self) -> str:
        """What the rows of parameters are keyed by."""
        return self.link or self.rtype


def of_type(scope: Scope, *, version: str, rtype: str) -> Scope:
    """The scope of a search of another type or version."""
    return replace(
        scope,
        version=version,
        bit=VERSION_BITS[version],
        rtype=rtype,
        number=NUMBERS[rtype],
        link="",
    )


MOST_PARTS = 8
"""Into so many parts a branch is cut; of more keys one look at the index finds all rows, unordered.
"""


@dataclass(frozen=True, kw_only=True)
class Branch:
    """Index rows that match: `where` over alias `x` of `table`.

    `single`: no resource has two of them. `versioned`: they show that the resource is visible in
    the version asked for. `parts`: the same rows by conditions that each bound the index; those of
    token rows by one key each, so that a part's rows lie in the order of row ids. `apart`: no
    resource has rows in two of them.
    """

    table: str
    where: str
    single: bool = False
    versioned: bool = False
    parts: tuple[str, ...] = ()
    apart: bool = False

    def select(self, owners: Owners, columns: str = "", *, tests: str = "") -> str:
        """A select of the rows; `tests` (` and ...`) have to hold of each besides."""
        return " union all ".join(
            f"select {columns or owners.row('x')} from {self.table} x"
            f" where {owners.own('x')} and {where}{tests}"
            for where in self.parts or (self.where,)
        )

    def narrowed(self, tests: Sequence[str]) -> Branch:
        """Those of its rows `x` of which the tests hold."""
        where, *parts = (" and ".join((w, *tests)) for w in (self.where, *self.parts))
        return replace(self, where=where, parts=tuple(parts))


def token_rows(wanted: Sequence[int], bit: int, binder: Binder) -> Branch:
    """The token rows under any of some keys, of resources that have the version's bit."""
    wanted = list(dict.fromkeys(wanted))
    visible = f"(x.vers & {bit}) <> 0"
    if not wanted or len(wanted) > MOST_PARTS:
        where = f"x.key = any({binder.bind(wanted, 'bigint[]')}) and {visible}"
        return Branch(table="fhir_token", where=where, versioned=True)
    return _cut([f"x.key = {binder.bind(key, 'bigint')}" for key in wanted], visible)


def coded_rows(
    coded: Sequence[int], in_system: Sequence[tuple[int, int, int]], bit: int, binder: Binder
) -> Branch:
    """The token rows under any of some keys, or of codes of a system: each the code's key, the
    system's hash and the key of the code as one of a later system. At most `MOST_PARTS` in all."""
    parts = [f"x.key = {binder.bind(key, 'bigint')}" for key in dict.fromkeys(coded)]
    for code, system, later in in_system:
        sys = binder.bind(system, "int")
        parts += [
            f"x.key = {binder.bind(code, 'bigint')} and x.sys = {sys}",
            f"x.key = {binder.bind(later, 'bigint')}",
        ]
    # A code's first system or a later one: of one code no resource has both.
    return _cut(parts, f"(x.vers & {bit}) <> 0", apart=not coded and len(in_system) == 1)


def _cut(parts: Sequence[str], visible: str, *, apart: bool = False) -> Branch:
    return Branch(
        table="fhir_token",
        where=f"({' or '.join(parts)}) and {visible}",
        single=len(parts) == 1,
        versioned=True,
        parts=tuple(f"{part} and {visible}" for part in parts),
        apart=apart,
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

    def test(self, owners: Owners, alias: str, *, probed: bool = False) -> str:
        """The filter as a test of the row `alias`; `resource` tests need `alias` to be `r`.
        `probed`: looked up for each row, as befits a walk that ends after a few.
        """
        # What is cheap first: of several ways to match the rest is not tried.
        tests = [f"({self.rid.format(d=alias)})"] if self.rid else []
        tests += [_among(branch, owners, alias, probed=probed) for branch in self.branches]
        tests += [f"({self.resource})"] if self.resource else []
        text = f"({' or '.join(tests)})" if tests else "false"
        return f"not {text}" if self.negated else text


def _among(branch: Branch, owners: Owners, alias: str, *, probed: bool) -> str:
    """Whether a row is among a branch's. Token rows can be probed by resource; the others lie in
    the order of their values, so they are gathered once and looked into: `is true` keeps the
    planner from joining them, which may read them again for every resource."""
    if branch.table != "fhir_token":
        return f"({owners.among(alias, branch.select(owners))}) is true"
    return probe(branch, owners, alias) if probed else owners.among(alias, branch.select(owners))


def probe(branch: Branch, owners: Owners, alias: str) -> str:
    """Whether a row of one owner has a token row in the branch, looked up for this row alone.

    A scalar, because `exists` would be planned as a join of everything.
    """
    rows = branch.select(owners, "true", tests=f" and x.rid = {alias}.rid")
    return f"(({rows} limit 1) is true)"


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
