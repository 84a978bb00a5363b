"""Whose rows a statement reads: one owner; one owner and the patients that others let it see (wire
contract 12.9); or every user of an application (`x-oneup-user-id: client`, wire contract 7.5).

Every statement of the search begins with this condition; there is no way to write one without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhirstore.keys import compartment_key
from fhirstore.rtypes import NUMBERS


@dataclass(frozen=True, kw_only=True)
class Owners:
    """The owners of the rows a call may see; without `numbers`, the one whom a claim
    (`accounts.claims`) names when the statement runs. `merged`: rows of several owners from one
    source URL appear once.

    `seen`: (owner, Patient id) of what others let the one owner see; of their rows only those in
    such a patient's compartment are visible, of Patients that one alone (others that link to it are
    in its compartment too), and an own row hides another's of the same id.
    """

    numbers: Sequence[int]
    merged: bool = False
    seen: Sequence[tuple[int, str]] = ()

    @property
    def several(self) -> bool:
        """Whether rows of more than one owner are read."""
        return self.merged or bool(self.seen)

    def own(self, alias: str) -> str:
        """The condition that a table's rows are theirs."""
        return (
            f"{alias}.owner = any(%(owners)s::bigint[])"
            if self.several
            else f"{alias}.owner = %(owner)s::bigint"
        )

    def visible(self, alias: str, bit: int) -> str:
        """What remains to be asked of a row of `fhir_resource` that is `own`, as ` and ...`."""
        if not self.seen:
            return ""
        return (
            f" and ({alias}.owner = %(owner)s::bigint or exists (select 1 from"
            " unnest(%(seen_owners)s::bigint[], %(seen_keys)s::bigint[], %(seen_patients)s::text[])"
            " as p(owner, key, fid)"
            f" join fhir_token g on g.owner = p.owner and g.key = p.key and g.rid = {alias}.rid"
            f" and g.sys = {alias}.rtype and (g.vers & {bit}) <> 0"
            f" where p.owner = {alias}.owner"
            f" and ({alias}.rtype <> {NUMBERS['Patient']} or {alias}.fid = p.fid))"
            " and not exists (select 1 from fhir_resource o where o.owner = %(owner)s::bigint"
            f" and o.rtype = {alias}.rtype and o.fid = {alias}.fid and (o.vers & {bit}) <> 0))"
        )

    def values(self) -> dict[str, Any]:
        """What `own` and `visible` bind."""
        if not self.several:
            return {"owner": self.numbers[0]} if self.numbers else {}
        owners = {"owners": [*self.numbers, *{owner for owner, _ in self.seen}]}
        if not self.seen:
            return owners
        return owners | {
            "owner": self.numbers[0],
            "seen_owners": [owner for owner, _ in self.seen],
            "seen_patients": [patient for _, patient in self.seen],
            "seen_keys": [compartment_key(f"Patient/{patient}") for _, patient in self.seen],
        }

    def row(self, alias: str) -> str:
        """The columns that name a resource's index rows within the type."""
        return f"{alias}.owner, {alias}.rid" if self.several else f"{alias}.rid"

    def among(self, alias: str, selected: str) -> str:
        """The condition that a row is one of those a sub-select (of `row`) names."""
        return f"({self.row(alias)}) in ({selected})"

    def once(self) -> tuple[str, str]:
        """What rows `r` of several owners that count as one have in common, and the order that puts
        the one to show first: the newest from a source URL (what an app wrote is never the same);
        where others let a user see theirs, the user's own of an id.
        """
        if self.merged:
            url = (
                "r.rtype, r.src is null, coalesce(r.src, r.owner),"
                " case when r.src is null then r.fid end"
            )
            return url, f"{url}, r.updated desc, r.owner"
        same = "r.rtype, r.fid"
        return same, f"{same}, (r.owner <> %(owner)s::bigint), r.updated desc, r.owner"
