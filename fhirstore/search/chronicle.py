"""What happened to the resources of some types: their versions and deletions, newest first, from
the current rows, their history and the tombstones."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.statement import Statement
from fhirstore.versions import as_served

Span = tuple[datetime, datetime]
"""From the first instant to the one after the last."""

# `part`: where the version lies; `gone`: it is a deletion.
_VERSIONS = """
select r.owner, r.rtype, r.fid, r.vers, r.version, r.updated as at, 0 as part, false as gone
from fhir_resource r where {own_r} and {wanted_r}{seen}
union all
select h.owner, h.rtype, h.fid, h.vers, h.version, h.updated, 1, h.body is null
from fhir_history h where {own_h} and {wanted_h}{past}
union all
select t.owner, t.rtype, t.fid, t.vers, t.version, t.deleted, 2, true
from fhir_tombstone t where {own_t} and {wanted_t} and not t.hidden{gone}
"""
_WANTED = "{a}.rtype = any(%(rtypes)s::smallint[]) and ({a}.vers & {bit}) <> 0"
_NEXT = """
select v.*, lead(at) over (partition by owner, rtype, fid order by version, part) as ended
from ({versions}) v
"""
_COUNT = "select count(*) from ({versions}) v where {when}"
_PAGE = """
select p.owner, p.rtype, p.fid, p.version, p.at, p.vers, case p.part
  when 0 then (select b.body from fhir_resource b where b.owner = p.owner and b.rtype = p.rtype
    and b.fid = p.fid and b.vers = p.vers)
  when 1 then (select h.body from fhir_history h where h.owner = p.owner and h.rtype = p.rtype
    and h.fid = p.fid and h.vers = p.vers and h.version = p.version)
  end
from (select * from ({versions}) v where {when}{after}
  order by {order} limit {limit} offset {offset}) p
order by {order}
"""
_NEWEST = "at desc, owner, rtype, fid, version desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One version of a resource, or its deletion (`body` None). `version` counts from 0."""

    owner: int
    rtype: str
    fid: str
    version: int
    updated: datetime
    body: bytes | None


@dataclass(frozen=True, kw_only=True)
class Chronicle:
    """The versions of all resources of these types that a scope sees. A token whose scopes are
    narrowed by a query sees of such types what is current: whether they would have found an earlier
    version, which may have said something else, nobody can tell.

    `since`: made then or later. `at`: current at some moment of it; of deletions those that
    happened in it. `fid`: of the one resource of this id alone.
    """

    scope: Scope
    rtypes: Sequence[str]
    since: datetime | None = None
    at: Span | None = None
    fid: str = ""

    @property
    def _letters(self) -> str:
        """What a scope must permit: one resource is read, a history of several is a search."""
        return "r" if self.fid else "s"

    def total(self) -> int:
        """How many there are."""
        counted = self.counting()
        return int(rows.select(counted.sql, counted.values)[0][0])

    def counting(self) -> Statement:
        """The statement of `total`."""
        return self._statement(_COUNT, Binder())

    def page(self, *, limit: int, offset: int = 0, after: str = "") -> list[Event]:
        """The newest, from the position `after` on (`position` of the last one seen)."""
        paged = self.paging(limit=limit, offset=offset, after=after)
        return [
            Event(
                owner=owner,
                rtype=NAMES[rtype],
                fid=fid.decode(),
                version=version,
                updated=at,
                body=body and as_served(body=body, vers=vers, version=self.scope.version),
            )
            for owner, rtype, fid, version, at, vers, body in rows.select(paged.sql, paged.values)
        ]

    def paging(self, *, limit: int, offset: int = 0, after: str = "") -> Statement:
        """The statement of `page`."""
        binder, place = Binder(), _read(after)
        test = _behind(binder, place) if place else ""
        return self._statement(_PAGE, binder, after=test, limit=limit, offset=offset)

    def _statement(self, sql: str, binder: Binder, **more: Any) -> Statement:
        owners, bit = self.scope.owners, self.scope.bit
        whole = [t for t in self.rtypes if self.scope.sight.of(t, self._letters) is None]
        part = len(whole) < len(self.rtypes)
        seen = past = gone = one = ""
        if self.fid:
            one = f" and {{a}}.fid = {binder.bind(self.fid, 'text')}"
        if part:
            seen = sight.seen_of_any(
                self.scope, binder, "r", rtypes=self.rtypes, letters=self._letters
            )
            kept = binder.bind([NUMBERS[name] for name in whole], "smallint[]")
            past, gone = (f" and {a}.rtype = any({kept})" for a in "ht")
        versions = _VERSIONS.format(
            **{f"own_{a}": owners.own(a) for a in "rht"},
            **{f"wanted_{a}": _WANTED.format(a=a, bit=bit) + one.format(a=a) for a in "rht"},
            seen=seen,
            past=past,
            gone=gone,
        )
        when = ["true"]
        if self.since is not None:
            when.append(f"at >= {binder.bind(self.since, 'timestamptz')}")
        if self.at is not None:
            versions = _NEXT.format(versions=versions)
            first, last = (binder.bind(moment, "timestamptz") for moment in self.at)
            when.append(f"at < {last} and (at >= {first} or not gone and ended > {first}")
            when[-1] += " or not gone and ended is null)"
        values = {
            **owners.values(),
            **binder.values,
            "rtypes": [NUMBERS[name] for name in self.rtypes],
        }
        # Of one resource the numbers of the versions tell, whatever the clock did.
        order = "version desc" if self.fid else _NEWEST
        text = sql.format(versions=versions, when=" and ".join(when), order=order, **more)
        return Statement(sql=text, values=values)


def position(event: Event) -> str:
    """Where a page ended, as an opaque text."""
    place = [event.updated.isoformat(), event.owner, NUMBERS[event.rtype], event.fid, event.version]
    return urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def _read(text: str) -> list[Any] | None:
    """A position; None where it is malformed."""
    try:
        place = orjson.loads(urlsafe_b64decode((text + "=" * (-len(text) % 4)).encode()))
        at, owner, rtype, fid, version = place
        moment = datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return None
    numbers = (owner, rtype, version)
    if not all(type(n) is int and 0 <= n < 2**31 for n in numbers) or moment.tzinfo is None:
        return None
    if not isinstance(fid, str) or "\0" in fid or not fid.isprintable() or rtype >= 2**15:
        return None
    return [moment, owner, rtype, fid, version]


def _behind(binder: Binder, place: list[Any]) -> str:
    kinds = ("timestamptz", "bigint", "smallint", "text", "int")
    at, owner, rtype, fid, version = (
        binder.bind(value, kind) for value, kind in zip(place, kinds, strict=True)
    )
    return (
        f" and (at < {at} or at = {at} and ((owner, rtype, fid) > ({owner}, {rtype}, {fid})"
        f" or (owner, rtype, fid) = ({owner}, {rtype}, {fid}) and version < {version}))"
    )
