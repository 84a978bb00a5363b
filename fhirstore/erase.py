"""Erasing data for good: no tombstones, no history; only the outbox tells that something went."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg
from django.db import transaction

from accounts import clock
from fhirstore import database as db
from fhirstore import permissions
from fhirstore.changes import Changes, lock_owner
from fhirstore.held import held
from fhirstore.home import PATIENT, STAND_IN, stand_in
from fhirstore.keys import EVERY_VERSION, VERSION_BITS
from fhirstore.models import Export
from fhirstore.rtypes import NUMBERS
from fhirstore.schema import TABLES

_OWNERS_TABLES = tuple(table for table in TABLES if table != "fhir_owner")
_TELL = """
insert into fhir_outbox (owner, seq, rtype, vers, version, at, fid, action)
select owner, %(seq)s + row_number() over (order by rtype, rid), rtype, vers, version + 1,
  %(now)s, fid, 'delete'
from fhir_resource where {where}
"""
_INDEX = """
delete from {table} where owner = %(owner)s
  and (key, rid) in (select unnest(keys), rid from fhir_resource where {where})
"""
_HISTORY = """
delete from fhir_history h where h.owner = %(owner)s
  and (h.rtype, h.fid, h.vers) in (select rtype, fid, vers from {table} where {where})
"""


def erase_connection(*, owner: int, connection: int) -> None:
    """Erase what a connection imported, and with its patients who else might see them. What another
    connection brought too stays, as that one's."""
    with transaction.atomic():
        cursor = db.cursor()
        lock_owner(cursor, owner=owner, changes=1)
        arguments = {"owner": owner, "conn": connection}
        cursor.execute(
            "update fhir_resource set also = nullif(array_remove(also, %(conn)s), '{}') "
            "where owner = %(owner)s and %(conn)s = any(also)",
            arguments,
        )
        cursor.execute(
            "update fhir_resource set conn = also[1], also = nullif(also[2:], '{}') "
            "where owner = %(owner)s and conn = %(conn)s and also is not null",
            arguments,
        )
        patients = cursor.execute(
            "select fid, vers from fhir_resource "
            "where owner = %(owner)s and rtype = %(patient)s and conn = %(conn)s",
            {**arguments, "patient": PATIENT},
        ).fetchall()
        _erase(cursor, "owner = %(owner)s and conn = %(conn)s", arguments)
        _erase_tombstones(cursor, "owner = %(owner)s and conn = %(conn)s", arguments)
        _tidy_home(cursor, owner)
        permissions.take_erased(owner=owner, patients=patients)


def erase_owner(
    *,
    owner: int,
    version: str | None = None,
    rtypes: Iterable[str] | None = None,
    before: datetime | None = None,
) -> None:
    """Erase an owner's data: all of it, or that of one FHIR version and with it all wearable data
    (wire contract 12.7, purge).

    `rtypes` and `before` (by `meta.lastUpdated`) narrow the latter. Only the owner's change number
    stays."""
    with transaction.atomic():
        cursor = db.cursor()
        lock_owner(cursor, owner=owner, changes=1)
        if version is None:
            for table in _OWNERS_TABLES:
                cursor.execute(f"delete from {table} where owner = %s", (owner,))
            cursor.execute("update fhir_owner set home = null where owner = %s", (owner,))
            permissions.take_all(owner=owner)
            Export.objects.filter(app_user=owner).delete()
            return
        where = "owner = %(owner)s and (vers & %(vers)s) <> 0"
        arguments: dict[str, Any] = {"owner": owner, "vers": VERSION_BITS[version]}
        if rtypes is None and before is None:
            permissions.take_all(owner=owner, version=version)
        if rtypes is not None:
            where += " and rtype = any(%(rtypes)s::smallint[])"
            arguments["rtypes"] = [NUMBERS[name] for name in rtypes]
        if before is not None:
            arguments["before"] = before
        _erase(cursor, where + (" and updated < %(before)s" if before else ""), arguments)
        _erase_tombstones(
            cursor, where + (" and deleted < %(before)s" if before else ""), arguments
        )
        _tidy_home(cursor, owner)
        permissions.take_erased(owner=owner, patients=())


def forget_changes(*, before: datetime) -> int:
    """Take old rows out of the outbox; answers how many."""
    return db.cursor().execute("delete from fhir_outbox where at < %s", (before,)).rowcount


def _erase(cursor: psycopg.Cursor[Any], where: str, arguments: dict[str, Any]) -> None:
    row = cursor.execute(f"select count(*) from fhir_resource where {where}", arguments).fetchone()
    if row is None or not row[0]:
        return
    seq, _ = lock_owner(cursor, owner=arguments["owner"], changes=row[0])
    cursor.execute(_TELL.format(where=where), arguments | {"seq": seq, "now": clock.now()})
    for table in ("fhir_token", "fhir_range", "fhir_string"):
        cursor.execute(_INDEX.format(table=table, where=where), arguments)
    cursor.execute(_HISTORY.format(table="fhir_resource", where=where), arguments)
    cursor.execute(f"delete from fhir_resource where {where}", arguments)


def _erase_tombstones(cursor: psycopg.Cursor[Any], where: str, arguments: dict[str, Any]) -> None:
    cursor.execute(_HISTORY.format(table="fhir_tombstone", where=where), arguments)
    cursor.execute(f"delete from fhir_tombstone where {where}", arguments)


def _tidy_home(cursor: psycopg.Cursor[Any], owner: int) -> None:
    """Without wearable data no stand-in is needed; with it the subject must still resolve in every
    version."""
    row = cursor.execute("select home from fhir_owner where owner = %s", (owner,)).fetchone()
    if row is None or row[0] is None:
        return
    home = row[0]
    wearable = cursor.execute(
        "select exists (select 1 from fhir_resource "
        "where owner = %s and rtype = any(%s::smallint[]) and vers = %s)",
        (owner, [NUMBERS["Observation"], NUMBERS["Device"]], EVERY_VERSION),
    ).fetchone()
    seq, _ = lock_owner(cursor, owner=owner, changes=1)
    changes = Changes(owner=owner, seq=seq, now=clock.now())
    if wearable and wearable[0]:
        stand_in(cursor, changes, owner=owner, home=home)
    else:
        rows = held(cursor, owner=owner, wanted=[(PATIENT, home)], vers=EVERY_VERSION, whole=True)
        for standing in rows.get((PATIENT, home), ()):
            if standing.hash == STAND_IN:
                changes.drop(standing)
    changes.flush(cursor)
