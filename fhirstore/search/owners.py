"""Whose rows a statement reads: one owner, or every user of an application (`x-oneup-user-id:
client`, wire contract 7.5).

Every statement of the search begins with this condition; there is no way to write one without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Owners:
    """The owners of the rows a call may see. `merged`: rows of several owners from one source URL
    appear once.
    """

    numbers: Sequence[int]
    merged: bool = False

    def own(self, alias: str) -> str:
        """The condition that a table's rows are theirs."""
        return (
            f"{alias}.owner = any(%(owners)s::bigint[])"
            if self.merged
            else f"{alias}.owner = %(owner)s::bigint"
        )

    def values(self) -> dict[str, Any]:
        """What `own` binds."""
        return {"owners": list(self.numbers)} if self.merged else {"owner": self.numbers[0]}

    def row(self, alias: str) -> str:
        """The columns that name a resource's index rows within the type."""
        return f"{alias}.owner, {alias}.rid" if self.merged else f"{alias}.rid"

    def among(self, alias: str, selected: str) -> str:
        """The condition that a row is one of those a sub-select (of `row`) names."""
        return f"({self.row(alias)}) in ({selected})"
