"""What a bulk export tells of resources that were deleted since the last one: Bundles that would
delete them, a line each, as its standard wants it (hl7.org/fhir/uv/bulkdata/export.html).

Only what left a trace can be told: what was erased for good did not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from fhirstore import digits
from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.search import rows
from fhirstore.search.condition import Scope
from fhirstore.search.membership import compartments
from fhirstore.versions import as_served

ENTRIES = 1000
"""Deletions in one Bundle."""


@dataclass(frozen=True, kw_only=True)
class Deletions:
    """What of these types was deleted since and is not back; where `patients` are named, what was
    in their compartments. Of types of which the scope sees a part nothing is told: whether it would
    have seen what is gone, nobody knows."""

    scope: Scope
    rtypes: Sequence[str]
    since: datetime
    patients: Sequence[str] | None = None

    def there_are(self) -> bool:
        """Whether there is something to tell."""
        return next(self._names(), None) is not None

    def lines(self) -> Iterator[bytes]:
        """The Bundles, as NDJSON."""
        entries = []
        for name in self._names():
            entries.append({"request": {"method": "DELETE", "url": name}})
            if len(entries) == ENTRIES:
                yield _bundle(entries)
                entries = []
        if entries:
            yield _bundle(entries)

    def _names(self) -> Iterator[str]:
        """ "Type/id" of each."""
        scope, owners = self.scope, self.scope.owners
        sql = _DELETED.format(
            own_t=owners.own("t"), own_o=owners.own("o"), own_h=owners.own("h"), bit=scope.bit
        )
        whole = [NUMBERS[name] for name in self.rtypes if scope.sight.of(name, "s") is None]
        values = {**owners.values(), "rtypes": whole, "since": self.since}
        mine = None if self.patients is None else {f"Patient/{fid}" for fid in self.patients}
        for rtype, fid, vers, body in rows.select(sql, values):
            if mine is None or (body and self._was_of(mine, body, vers)):
                yield f"{NAMES[rtype]}/{fid.decode()}"

    def _was_of(self, patients: set[str], body: bytes, vers: int) -> bool:
        last = digits.loads(as_served(body=body, vers=vers, version=self.scope.version))
        return not patients.isdisjoint(compartments(last, self.scope.version, wearable=True))


def _bundle(entries: list[dict[str, dict[str, str]]]) -> bytes:
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return orjson.dumps(bundle) + b"\n"


_DELETED = """
select distinct on (t.rtype, t.fid) t.rtype, t.fid, l.vers, l.body from fhir_tombstone t
left join lateral (
  select h.vers, h.body from fhir_history h where {own_h} and h.owner = t.owner
    and h.rtype = t.rtype and h.fid = t.fid and (h.vers & {bit}) <> 0 and h.version < t.version
    and h.body is not null order by h.version desc limit 1
) l on true
where {own_t} and t.rtype = any(%(rtypes)s::smallint[]) and (t.vers & {bit}) <> 0
  and t.deleted >= %(since)s::timestamptz and not exists (
    select 1 from fhir_resource o where {own_o} and o.rtype = t.rtype and o.fid = t.fid
      and (o.vers & {bit}) <> 0)
order by t.rtype, t.fid, t.deleted desc
"""
