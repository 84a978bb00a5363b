"""What apps write and read by id: create, update, delete, read, versions (wire contract 12.7, 13.4).

Bodies are parsed JSON as `fhirstore.digits.loads` gives it; they are changed in place (`id`, `meta`). Validation beyond the type and the
id is the caller's. All raise the errors below; none writes anything then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import transaction

from fhirstore import database as db
from fhirstore import identity
from fhirstore.changes import FIRST_VERSION, Changes, Incoming, Stored, lock_owner
from fhirstore.held import Held, Key, Tombstone, held, tombstones
from fhirstore.home import PATIENT, STAND_IN, make_room
from fhirstore.keys import EVERY_VERSION, VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search.extract import patient_references
from fhirstore.source import IngestSummary
from fhirstore.versions import as_served

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class WriteError(Exception):
    """A write or read by id that cannot be done."""


class NotThere(WriteError):
    """The owner has no such resource, or no such version of it (404)."""


class Deleted(WriteError):
    """It was deleted (410); `version_id` is the number of the deletion."""

    def __init__(self, version_id: int) -> None:
        super().__init__("deleted")
        self.version_id = version_id


class ReadOnly(WriteError):
    """Wearable data can be deleted but not updated (422)."""


class BadId(WriteError):
    """The id is not one that FHIR allows (400)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One version in a resource's history. `body` is None for a deletion."""

    fid: str
    version_id: int
    updated: datetime
    body: bytes | None


def create(*, owner: int, version: str, rtype: str, body: dict[str, Any], now: datetime) -> Stored:
    """Store a resource. An `id` in the body is kept (or hashed, by `WRITE_ID_STYLE`); if the owner has it, this is an update
    (`Stored.created` False). Without one it gets a random id of the contract's shape."""
    sent = body.get("id")
    if sent is None:
        fid = identity.random_id(_patient_of(owner, version, body))
    else:
        fid = _written_id(sent)
    return _put(owner=owner, version=version, rtype=rtype, fid=fid, body=body, now=now)


def update(*, owner: int, version: str, rtype: str, fid: str, body: dict[str, Any], now: datetime) -> Stored:
    """Store a new version, or the first one where the owner does not have the id. Raises ReadOnly, BadId."""
    if not _ID.fullmatch(fid):
        raise BadId
    return _put(owner=owner, version=version, rtype=rtype, fid=fid, body=body, now=now)


def put_many(
    *, owner: int, version: str, resources: Iterable[dict[str, Any]], now: datetime
) -> IngestSummary:
    """Store many resources in one transaction, ids as sent (a few hundred at a time). Those without a usable type or id, and those that are
    wearable data, are rejected; equal content is counted as unchanged and not written."""
    problems: list[str] = []
    wanted: dict[Key, tuple[str, dict[str, Any]]] = {}
    repeated = 0
    for body in resources:
        rtype, fid = body.get("resourceType"), body.get("id")
        if rtype not in NUMBERS or not isinstance(fid, str) or not _ID.fullmatch(fid):
            problems.append(f"{rtype if rtype in NUMBERS else 'unknown type'}: no usable id or type")
            continue
        repeated += (NUMBERS[rtype], fid) in wanted
        wanted[NUMBERS[rtype], fid] = (rtype, body)
    counts = {"created": 0, "updated": 0, "unchanged": repeated}
    if wanted:
        with transaction.atomic():
            write = _Write(owner, VERSION_BITS[version], wanted, now)
            for key, (rtype, body) in wanted.items():
                try:
                    stored = write.put(key, body, if_changed=True)
                except ReadOnly:
                    problems.append(f"{rtype}: wearable data is read only")
                    continue
                counts["unchanged" if stored is None else "created" if stored.created else "updated"] += 1
            write.flush()
    return IngestSummary(**counts, rejected=len(problems), problems=tuple(problems))


def delete(*, owner: int, version: str, rtype: str, fid: str, now: datetime) -> Stored:
    """Delete; returns the version that was deleted. Raises NotThere, Deleted. Wearable data goes in all three versions."""
    key = (NUMBERS[rtype], fid)
    with transaction.atomic():
        write = _Write(owner, VERSION_BITS[version], [key], now)
        old = write.current(key)
        write.changes.delete(old)
        write.flush()
    return _stored(old, version)


def read(*, owner: int, version: str, rtype: str, fid: str) -> Stored:
    """The current version. Raises NotThere, Deleted."""
    key = (NUMBERS[rtype], fid)
    return _stored(_Lookup(db.cursor(), owner, VERSION_BITS[version], [key]).current(key), version)


def vread(*, owner: int, version: str, rtype: str, fid: str, version_id: int) -> Stored:
    """One version, also of a deleted resource. Raises NotThere, and Deleted for a deletion's own number."""
    found = next((e for e in _entries(owner, version, rtype, fid) if e.version_id == version_id), None)
    if found is None:
        raise NotThere
    if found.body is None:
        raise Deleted(found.version_id)
    return Stored(fid=fid, version_id=found.version_id, updated=found.updated, body=found.body)


def history(*, owner: int, version: str, rtype: str, fid: str) -> list[HistoryEntry]:
    """All versions and deletions, newest first. Raises NotThere where there never were any, or none are left."""
    found = _entries(owner, version, rtype, fid)
    if not found:
        raise NotThere
    return found


def delete_version(*, owner: int, version: str, rtype: str, fid: str, version_id: int, now: datetime) -> None:
    """Remove one version for good. The newest that remains becomes the current one; when none remains a read is NotThere. Raises
    NotThere where there is no such version."""
    key = (NUMBERS[rtype], fid)
    bit = VERSION_BITS[version]
    number = version_id - FIRST_VERSION
    with transaction.atomic():
        write = _Write(owner, bit, [key], now)
        old = next(iter(write.rows.get(key, ())), None)
        if old and old.version == number:
            _step_back(write, owner, old)
            write.flush()
            return
        if not write.cursor.execute(
            "delete from fhir_history where owner = %s and rtype = %s and fid = %s and (vers & %s) <> 0 "
            "and version = %s and body is not null returning 1",
            (owner, key[0], fid, bit, number),
        ).fetchone():
            raise NotThere
        left = _entries(owner, version, rtype, fid)
        if old is None and all(entry.body is None for entry in left):
            write.cursor.execute(
                "update fhir_tombstone set hidden = true where owner = %s and rtype = %s and fid = %s and (vers & %s) <> 0",
                (owner, key[0], fid, bit),
            )


def _step_back(write: _Write, owner: int, old: Held) -> None:
    """Take the current version away; the newest in history takes its place."""
    row = write.cursor.execute(
        "delete from fhir_history where owner = %(o)s and rtype = %(t)s and fid = %(f)s and vers = %(v)s and version = ("
        "select max(version) from fhir_history where owner = %(o)s and rtype = %(t)s and fid = %(f)s and vers = %(v)s "
        "and body is not null) returning version, convert_to(body, 'UTF8')",
        {"o": owner, "t": old.rtype, "f": old.fid, "v": old.vers},
    ).fetchone()
    if row:
        write.changes.rewrite(old, vers=old.vers, body=bytes(row[1]), version=row[0])
    else:
        write.changes.delete(old, hidden=True)


class _Lookup:
    """Rows and tombstones of some ids in one version."""

    def __init__(self, cursor: psycopg.Cursor[Any], owner: int, bit: int, wanted: Iterable[Key]) -> None:
        self.rows = held(cursor, owner=owner, wanted=wanted, vers=bit, whole=True)
        self.tombs: dict[Key, list[Tombstone]] = tombstones(cursor, owner=owner, wanted=wanted, vers=bit)

    def current(self, key: Key) -> Held:
        """The current row. Raises NotThere, Deleted."""
        if rows := self.rows.get(key):
            return rows[0]
        tombs = [t for t in self.tombs.get(key, ()) if not t.hidden]
        if tombs:
            raise Deleted(FIRST_VERSION + tombs[-1].version)
        raise NotThere


class _Write(_Lookup):
    """A lookup under the owner's lock, and the changes that follow from it."""

    def __init__(self, owner: int, bit: int, wanted: Iterable[Key], now: datetime) -> None:
        wanted = list(wanted)
        self.cursor = db.cursor()
        seq, _ = lock_owner(self.cursor, owner=owner, changes=2 * len(wanted))
        super().__init__(self.cursor, owner, bit, wanted)
        self.changes = Changes(owner=owner, seq=seq, now=now)
        self._bit = bit

    def put(self, key: Key, body: dict[str, Any], *, if_changed: bool = False) -> Stored | None:
        """Create or update; None where `if_changed` and the content is what is there. Raises ReadOnly."""
        row = next((r for r in self.rows.get(key, ()) if r.hash != STAND_IN), None)
        if row and row.vers == EVERY_VERSION:
            raise ReadOnly
        body["id"] = key[1]
        if row is None:
            version = 0
            for standing in self.rows.get(key, ()):
                version = make_room(self.changes, standing, vers=self._bit)
            incoming = Incoming(rtype=key[0], fid=key[1], vers=self._bit, resource=body)
            return self.changes.create(incoming, tombstones=self.tombs.get(key, ()), version=version)
        if if_changed and self.changes.same(row, body):
            return None
        incoming = Incoming(
            rtype=key[0],
            fid=key[1],
            vers=row.vers,
            resource=body,
            src=row.src,
            hash=row.hash,
            conn=row.conn,
            also=row.also,
        )
        return self.changes.update(incoming, row)

    def flush(self) -> None:
        self.changes.flush(self.cursor)


def _put(*, owner: int, version: str, rtype: str, fid: str, body: dict[str, Any], now: datetime) -> Stored:
    key = (NUMBERS[rtype], fid)
    with transaction.atomic():
        write = _Write(owner, VERSION_BITS[version], [key], now)
        stored = write.put(key, body)
        write.flush()
    assert stored is not None
    return stored


def _written_id(sent: object) -> str:
    if not isinstance(sent, str) or not _ID.fullmatch(sent):
        raise BadId
    return identity.hashed(sent) if settings.WRITE_ID_STYLE == "hashed" else sent


def _patient_of(owner: int, version: str, body: dict[str, Any]) -> str | None:
    """The id of the owner's Patient that a new resource refers to."""
    if body.get("resourceType") == "Patient":
        return None
    names = [r.removeprefix("Patient/") for r in patient_references(body, version) if r.startswith("Patient/")]
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


def _entries(owner: int, version: str, rtype: str, fid: str) -> list[HistoryEntry]:
    rows = db.cursor().execute(
        "select version, vers, updated, convert_to(body, 'UTF8') from fhir_resource "
        "where owner = %(o)s and rtype = %(t)s and fid = %(f)s and (vers & %(v)s) <> 0 "
        "union all select version, vers, deleted, null from fhir_tombstone "
        "where owner = %(o)s and rtype = %(t)s and fid = %(f)s and (vers & %(v)s) <> 0 and not hidden "
        "union all select version, vers, updated, convert_to(body, 'UTF8') from fhir_history "
        "where owner = %(o)s and rtype = %(t)s and fid = %(f)s and (vers & %(v)s) <> 0 order by 1 desc",
        {"o": owner, "t": NUMBERS[rtype], "f": fid, "v": VERSION_BITS[version]},
    )
    return [
        HistoryEntry(
            fid=fid,
            version_id=FIRST_VERSION + number,
            updated=updated,
            body=None if body is None else as_served(body=bytes(body), vers=vers, version=version),
        )
        for number, vers, updated, body in rows
    ]
