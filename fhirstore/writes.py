"""What apps write and read by id: create, update, delete, read, versions (wire contract 12.7,
13.4).

Bodies are parsed JSON as `fhirstore.digits.loads` gives it; they are changed in place (`id`,
`meta`). Validation beyond the type and the id is the caller's. All raise the errors below; none
writes anything then."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from fhirstore import database as db
from fhirstore import digits, granted, identity
from fhirstore.audit_events import is_ours
from fhirstore.changes import FIRST_VERSION, Stored
from fhirstore.held import Held, Key, held
from fhirstore.home import PATIENT
from fhirstore.keys import EVERY_VERSION, VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search.membership import patient_references
from fhirstore.source import IngestSummary
from fhirstore.standing import BadId, Deleted, Lookup, NotThere, ReadOnly, Write, WriteError
from fhirstore.versions import as_served

__all__ = [
    "BadId",
    "Deleted",
    "HistoryEntry",
    "NotThere",
    "ReadOnly",
    "WriteError",
    "create",
    "delete",
    "delete_version",
    "history",
    "is_id",
    "put_many",
    "read",
    "update",
    "vread",
]

_AUDIT_EVENT = NUMBERS["AuditEvent"]
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_SAME = "owner = %(owner)s and rtype = %(rtype)s and fid = %(fid)s and (vers & %(vers)s) <> 0"
_ENTRIES = f"""
select version, vers, updated, convert_to(body, 'UTF8') from fhir_resource where {_SAME}
union all
select version, vers, deleted, null from fhir_tombstone where {_SAME} and not hidden
union all
select version, vers, updated, convert_to(body, 'UTF8') from fhir_history where {_SAME}
order by 1 desc
"""
_ENTRY = f"select * from ({_ENTRIES}) e where e.version = %(number)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One version in a resource's history. `body` is None for a deletion."""

    fid: str
    version_id: int
    updated: datetime
    body: bytes | None


def create(*, owner: int, version: str, rtype: str, body: dict[str, Any], now: datetime) -> Stored:
    """Store a resource. An `id` in the body is kept (or hashed, by `WRITE_ID_STYLE`); if the owner
    has it, this is an update (`Stored.created` False). Without one it gets a random id of the
    contract's shape."""
    sent = body.get("id")
    if sent is None:
        fid = identity.random_id(_patient_of(owner, version, body))
    else:
        fid = _written_id(sent)
    return _put(owner=owner, version=version, rtype=rtype, fid=fid, body=body, now=now)


def update(
    *, owner: int, version: str, rtype: str, fid: str, body: dict[str, Any], now: datetime
) -> Stored:
    """Store a new version, or the first one where the owner does not have the id. Raises ReadOnly,
    BadId."""
    if not _ID.fullmatch(fid):
        raise BadId
    return _put(owner=owner, version=version, rtype=rtype, fid=fid, body=body, now=now)


def put_many(
    *, owner: int, version: str, resources: Iterable[dict[str, Any]], now: datetime
) -> IngestSummary:
    """Store many resources in one transaction, ids as sent (a few hundred at a time). Those without
    a usable type or id, and those that are wearable data, are rejected; equal content is counted as
    unchanged and not written."""
    problems: list[str] = []
    wanted: dict[Key, tuple[str, dict[str, Any]]] = {}
    repeated = 0
    for body in resources:
        rtype, fid = body.get("resourceType"), body.get("id")
        if rtype not in NUMBERS or not isinstance(fid, str) or not _ID.fullmatch(fid):
            problems.append(
                f"{rtype if rtype in NUMBERS else 'unknown type'}: no usable id or type"
            )
            continue
        repeated += (NUMBERS[rtype], fid) in wanted
        wanted[NUMBERS[rtype], fid] = (rtype, body)
    counts = {"created": 0, "updated": 0, "unchanged": repeated}
    if wanted:
        with transaction.atomic():
            write = Write(owner, VERSION_BITS[version], wanted, now)
            for key, (rtype, body) in wanted.items():
                try:
                    stored = write.put(key, body, if_changed=True)
                except ReadOnly:
                    problems.append(f"{rtype}: wearable data is read only")
                    continue
                counts[
                    "unchanged" if stored is None else "created" if stored.created else "updated"
                ] += 1
            write.flush()
    return IngestSummary(**counts, rejected=len(problems), problems=tuple(problems))


def delete(*, owner: int, version: str, rtype: str, fid: str, now: datetime) -> Stored:
    """Delete; returns the version that was deleted. Raises NotThere, Deleted, and ReadOnly of the
    server's own AuditEvents. Wearable data goes in all three versions."""
    key = (NUMBERS[rtype], fid)
    with transaction.atomic():
        write = Write(owner, VERSION_BITS[version], [key], now)
        old = write.current(key)
        _leave_ours(version, old)
        write.changes.delete(old)
        write.flush()
    return _stored(old, version)


def read(*, owner: int, version: str, rtype: str, fid: str) -> Stored:
    """The current version. Raises NotThere, Deleted."""
    key = (NUMBERS[rtype], fid)
    return _stored(Lookup(db.cursor(), owner, VERSION_BITS[version], [key]).current(key), version)


def vread(*, owner: int, version: str, rtype: str, fid: str, version_id: int) -> Stored:
    """One version, also of a deleted resource. Raises NotThere, and Deleted for a deletion's own
    number."""
    entries = _entries(owner, version, rtype, fid, number=version_id - FIRST_VERSION)
    if not entries:
        raise NotThere
    found = entries[0]
    if found.body is None:
        raise Deleted(found.version_id)
    return Stored(fid=fid, version_id=found.version_id, updated=found.updated, body=found.body)


def history(*, owner: int, version: str, rtype: str, fid: str) -> list[HistoryEntry]:
    """All versions and deletions, newest first. Raises NotThere where there never were any, or none
    are left."""
    found = _entries(owner, version, rtype, fid)
    if not found:
        raise NotThere
    return found


def delete_version(
    *, owner: int, version: str, rtype: str, fid: str, version_id: int, now: datetime
) -> None:
    """Remove one version for good. The newest that remains becomes the current one; when none
    remains a read is NotThere. Raises NotThere where there is no such version, ReadOnly of the
    server's own AuditEvents."""
    key = (NUMBERS[rtype], fid)
    bit = VERSION_BITS[version]
    number = version_id - FIRST_VERSION
    with transaction.atomic():
        write = Write(owner, bit, [key], now)
        old = next(iter(write.rows.get(key, ())), None)
        _leave_ours(version, old)
        if old and old.version == number:
            _step_back(write, owner, old)
            write.flush()
            return
        if not write.cursor.execute(
            "delete from fhir_history where owner = %s and rtype = %s and fid = %s "
            "and (vers & %s) <> 0 and version = %s and body is not null returning 1",
            (owner, key[0], fid, bit, number),
        ).fetchone():
            raise NotThere
        left = _entries(owner, version, rtype, fid)
        if old is None and all(entry.body is None for entry in left):
            write.cursor.execute(
                "update fhir_tombstone set hidden = true "
                "where owner = %s and rtype = %s and fid = %s and (vers & %s) <> 0",
                (owner, key[0], fid, bit),
            )


def _step_back(write: Write, owner: int, old: Held) -> None:
    """Take the current version away; the newest in history takes its place."""
    row = write.cursor.execute(
        "delete from fhir_history where owner = %(o)s and rtype = %(t)s and fid = %(f)s "
        "and vers = %(v)s and version = (select max(version) from fhir_history "
        "where owner = %(o)s and rtype = %(t)s and fid = %(f)s and vers = %(v)s "
        "and body is not null) returning version, convert_to(body, 'UTF8')",
        {"o": owner, "t": old.rtype, "f": old.fid, "v": old.vers},
    ).fetchone()
    if row:
        write.changes.rewrite(
            old, vers=old.vers, body=bytes(row[1]), version=row[0], given=old.next - 1
        )
        if old.rtype == NUMBERS["Subscription"]:
            granted.step_back(owner=owner, vers=old.vers, fid=old.fid, number=row[0])
    else:
        write.changes.delete(old, hidden=True)


def _put(
    *, owner: int, version: str, rtype: str, fid: str, body: dict[str, Any], now: datetime
) -> Stored:
    key = (NUMBERS[rtype], fid)
    with transaction.atomic():
        write = Write(owner, VERSION_BITS[version], [key], now)
        _leave_ours(version, next(iter(write.rows.get(key, ())), None))
        if is_ours(body, version=version):
            raise ReadOnly
        stored = write.put(key, body)
        write.flush()
    assert stored is not None
    return stored


def _leave_ours(version: str, old: Held | None) -> None:
    """Raises ReadOnly where what is there is the server's own record."""
    if old and old.rtype == _AUDIT_EVENT and is_ours(digits.loads(old.body), version=version):
        raise ReadOnly


def is_id(sent: object) -> bool:
    """Whether a resource may have this id."""
    return isinstance(sent, str) and _ID.fullmatch(sent) is not None


def _written_id(sent: object) -> str:
    if not isinstance(sent, str) or not is_id(sent):
        raise BadId
    return identity.hashed(sent) if settings.WRITE_ID_STYLE == "hashed" else sent


def _patient_of(owner: int, version: str, body: dict[str, Any]) -> str | None:
    """The id of the owner's Patient that a new resource refers to."""
    if body.get("resourceType") == "Patient":
        return None
    names = [
        r.removeprefix("Patient/")
        for r in patient_references(body, version)
        if r.startswith("Patient/")
    ]
    keys = [(PATIENT, name) for name in names]
    rows = held(db.cursor(), owner=owner, wanted=keys, vers=EVERY_VERSION, whole=False)
    return next((name for rtype, name in keys if (rtype, name) in rows), None)


def _stored(row: Held, version: str) -> Stored:
    return Stored(
        fid=row.fid,
        version_id=FIRST_VERSION + row.version,
        updated=row.updated,
        body=as_served(body=row.body, vers=row.vers, version=version),
    )


def _entries(
    owner: int, version: str, rtype: str, fid: str, number: int | None = None
) -> list[HistoryEntry]:
    """All versions, or the one of a number."""
    wanted = {"owner": owner, "rtype": NUMBERS[rtype], "fid": fid, "vers": VERSION_BITS[version]}
    sql = _ENTRIES if number is None else _ENTRY
    rows = db.cursor().execute(sql, wanted | {"number": number})
    return [
        HistoryEntry(
            fid=fid,
            version_id=FIRST_VERSION + number,
            updated=updated,
            body=None if body is None else as_served(body=bytes(body), vers=vers, version=version),
        )
        for number, vers, updated, body in rows
    ]
