"""A Patient and its compartment, as `$everything` shows and deletes it (wire contract 12.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from fhirstore import keys
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.owners import Owners
from fhirstore.search.rows import COLUMNS, Row

_NOT_FIRST = "(m.rtype <> %(patient_type)s::smallint or m.fid <> %(patient)s::text)"


@dataclass(frozen=True, kw_only=True)
class Compartment:
    """What of a compartment is wanted: of these types, changed since, with a date that overlaps
    `[start, end)` in microseconds; None: whatever. `owners`: with those who let the one owner see
    this very patient. `scope`: of the call, whose sight is all that is shown; None: everything."""

    owners: Owners
    version: str
    patient: str
    rtypes: Sequence[str] | None = None
    since: datetime | None = None
    start: int | None = None
    end: int | None = None
    scope: Scope | None = None

    @cached_property
    def _seen(self) -> tuple[str, dict[str, Any]]:
        if self.scope is None:
            return "", {}
        binder = Binder()
        scope = replace(self.scope, owners=self.owners)
        return sight.seen_of_any(scope, binder, rtypes=self.rtypes), binder.values

    def _values(self) -> dict[str, Any]:
        return {
            **self._seen[1],
            **self.owners.values(),
            "key": keys.compartment_key(f"Patient/{self.patient}"),
            "bit": keys.VERSION_BITS[self.version],
            "patient": self.patient,
            "patient_type": NUMBERS["Patient"],
            "rtypes": [NUMBERS[name] for name in self.rtypes or ()],
            "since": self.since,
            "start": self.start,
            "end": self.end,
        }

    def _members(self) -> str:
        tests = ""
        if self.rtypes is not None:
            tests += " and r.rtype = any(%(rtypes)s::smallint[])"
        if self.since is not None:
            tests += " and r.updated >= %(since)s::timestamptz"
        if self.start is not None:
            tests += " and (r.hi is null or r.hi > %(start)s::bigint)"
        if self.end is not None:
            tests += " and (r.lo is null or r.lo < %(end)s::bigint)"
        tests += self.owners.visible("r", keys.VERSION_BITS[self.version]) + self._seen[0]
        once, first = "", ""
        if self.owners.several:
            same, order = self.owners.once()
            once, first = f"distinct on ({same}) ", f" order by {order}"
        return (
            f"select {once}r.owner, r.rtype, r.rid, r.fid from fhir_token x join fhir_resource r"
            " on r.owner = x.owner and r.rtype = x.sys and r.rid = x.rid"
            f" where {self.owners.own('x')} and {self.owners.own('r')}"
            " and x.key = %(key)s::bigint and (x.vers & %(bit)s::smallint) <> 0"
            f" and (r.vers & %(bit)s::smallint) <> 0{tests}{first}"
        )

    def total(self) -> int:
        """How many resources there are."""
        counted = rows.select(f"select count(*) from ({self._members()}) m", self._values())
        return int(counted[0][0])

    def behind(self, afterid: str) -> int:
        """How many come behind an id in the order of pages."""
        sql = f"select count(*) from ({self._members()}) m {self._behind(afterid)}"
        return int(rows.select(sql, {**self._values(), "afterid": afterid})[0][0])

    def _behind(self, afterid: str) -> str:
        behind = "" if afterid == self.patient else " and m.fid > %(afterid)s::text"
        return f"where {_NOT_FIRST}{behind} "

    def page(self, *, limit: int, offset: int = 0, afterid: str = "") -> list[Row]:
        """Resources in order: the Patient, then by id and type; `afterid`: those behind an id."""
        order = f"{_NOT_FIRST}, m.fid, m.rtype, m.owner"
        after = self._behind(afterid) if afterid else ""
        sql = f"""
select {COLUMNS} from (
  select m.owner, m.rtype, m.rid, row_number() over (order by {order}) as place
  from ({self._members()}) m {after}
  order by {order} limit %(limit)s::bigint offset %(offset)s::bigint
) p join fhir_resource b on b.owner = p.owner and b.rtype = p.rtype and b.rid = p.rid
where {self.owners.own("b")} order by p.place"""
        bound = {"limit": limit, "offset": offset, "afterid": afterid}
        return rows.resources(sql, {**self._values(), **bound}, version=self.version)

    def names(self) -> list[tuple[int, str]]:
        """(rtype, fid) of all of them."""
        found = rows.select(f"select m.rtype, m.fid from ({self._members()}) m", self._values())
        return [(rtype, fid.decode()) for rtype, fid in found]
