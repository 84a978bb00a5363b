"""A Patient and its compartment, as `$everything` shows and deletes it (wire contract 12.5)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from fhirstore import keys
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.rows import COLUMNS, Row

_NOT_FIRST = "(m.rtype <> %(patient_type)s::smallint or m.fid <> %(patient)s::text)"
_BEHIND = (
    "(m.fid, m.rtype, m.owner)"
    " > (%(after_fid)s::text, %(after_rtype)s::smallint, %(after_owner)s::bigint)"
)

Place = tuple[str, int, int]
"""Id, type and owner of the resource that a page ended with."""


def position(row: Row) -> str:
    """Where a page ended, as an opaque text."""
    place = [row.fid, row.rtype, row.owner]
    return urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def place_of(text: str) -> Place | None:
    """The place of a position; None where it is malformed."""
    try:
        fid, rtype, owner = orjson.loads(
            urlsafe_b64decode((text + "=" * (-len(text) % 4)).encode())
        )
    except (ValueError, TypeError):
        return None
    if not isinstance(fid, str) or "\0" in fid or not fid.isprintable():
        return None
    if not all(type(n) is int and 0 <= n < most for n, most in ((rtype, 2**15), (owner, 2**63))):
        return None
    return fid, rtype, owner


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

    def page(
        self, *, limit: int, offset: int = 0, afterid: str = "", after: Place | None = None
    ) -> list[Row]:
        """Resources in order: the Patient, then by id and type; those behind a place, or behind an
        id."""
        order = f"{_NOT_FIRST}, m.fid, m.rtype, m.owner"
        bound: dict[str, Any] = {"limit": limit, "offset": offset}
        behind = ""
        if after:
            behind = f"where {_NOT_FIRST}"
            if after[:2] != (self.patient, NUMBERS["Patient"]):
                behind += f" and {_BEHIND}"
                bound |= dict(zip(("after_fid", "after_rtype", "after_owner"), after, strict=True))
        elif afterid:
            behind = f"where {_NOT_FIRST}"
            if afterid != self.patient:
                behind += " and m.fid > %(afterid)s::text"
                bound["afterid"] = afterid
        sql = f"""
select {COLUMNS} from (
  select m.owner, m.rtype, m.rid, row_number() over (order by {order}) as place
  from ({self._members()}) m {behind}
  order by {order} limit %(limit)s::bigint offset %(offset)s::bigint
) p join fhir_resource b on b.owner = p.owner and b.rtype = p.rtype and b.rid = p.rid
where {self.scope.owners.own("b")} order by p.place"""
        return rows.resources(sql, {**self._values(), **bound}, version=self.scope.version)

    def names(self) -> list[tuple[int, str]]:
        """(rtype, fid) of all of them."""
        found = rows.select(f"select m.rtype, m.fid from ({self._members()}) m", self._values())
        return [(rtype, fid.decode()) for rtype, fid in found]
