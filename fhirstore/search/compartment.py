"""A Patient and its compartment, as `$everything` shows and deletes it (wire contract 12.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from fhirstore import keys
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.rows import COLUMNS, Row

_NOT_FIRST = "(m.rtype <> %(patient_type)s::smallint or m.fid <> %(patient)s::text)"


@dataclass(frozen=True, kw_only=True)
class Compartment:
    """What of a compartment is wanted: of these types, changed since, with a date that overlaps
    `[start, end)` in microseconds; None: whatever. `scope`: whose sight is all that is shown; among
    its owners are those who let the one owner see this very patient."""

    scope: Scope
    patient: str
    rtypes: Sequence[str] | None = None
    since: datetime | None = None
    start: int | None = None
    end: int | None = None

    @cached_property
    def _seen(self) -> tuple[str, dict[str, Any]]:
        binder = Binder()
        return sight.seen_of_any(self.scope, binder, rtypes=self.rtypes, letters="s"), binder.values

    def _values(self) -> dict[str, Any]:
        return {
            **self._seen[1],
            **self.scope.owners.values(),
            "key": keys.compartment_key(f"Patient/{self.patient}"),
            "bit": self.scope.bit,
            "patient": self.patient,
            "patient_type": NUMBERS["Patient"],
            "rtypes": [NUMBERS[name] for name in self.rtypes or ()],
            "since": self.since,
            "start": self.start,
            "end": self.end,
        }

    def _members(self) -> str:
        owners, tests = self.scope.owners, ""
        if self.rtypes is not None:
            tests += " and r.rtype = any(%(rtypes)s::smallint[])"
        if self.since is not None:
            tests += " and r.updated >= %(since)s::timestamptz"
        if self.start is not None:
            tests += " and (r.hi is null or r.hi > %(start)s::bigint)"
        if self.end is not None:
            tests += " and (r.lo is null or r.lo < %(end)s::bigint)"
        tests += owners.visible("r", self.scope.bit) + self._seen[0]
        once, first = "", ""
        if owners.several:
            same, order = owners.once()
            once, first = f"distinct on ({same}) ", f" order by {order}"
        return (
            f"select {once}r.owner, r.rtype, r.rid, r.fid from fhir_token x join fhir_resource r"
            " on r.owner = x.owner and r.rtype = x.sys and r.rid = x.rid"
            f" where {owners.own('x')} and {owners.own('r')}"
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
where {self.scope.owners.own("b")} order by p.place"""
        bound = {"limit": limit, "offset": offset, "afterid": afterid}
        return rows.resources(sql, {**self._values(), **bound}, version=self.scope.version)

    def names(self) -> list[tuple[int, str]]:
        """(rtype, fid) of all of them."""
        found = rows.select(f"select m.rtype, m.fid from ({self._members()}) m", self._values())
        return [(rtype, fid.decode()) for rtype, fid in found]
