"""The home Patient: whose readings a user's wearables give (wire contract 14).

At the first device link the user's Patient with the smallest id, in any version, becomes the
subject, and stays it. Where there is none, one is made. In the versions where that Patient is not
stored a stand-in is: a minimal Patient, so that `subject` resolves. Stand-ins are rows like any
other, marked by their `hash`; the real Patient takes their place when a source stores it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

import psycopg
from django.db import transaction

from fhirstore import database as db
from fhirstore import digits
from fhirstore.changes import Changes, Incoming, lock_owner
from fhirstore.held import Held, held, tombstones
from fhirstore.identity import short_id, source_url
from fhirstore.keys import EVERY_VERSION
from fhirstore.rtypes import NUMBERS

STAND_IN = b"stand-in"
"""`fhir_resource.hash` of a stand-in."""

PATIENT = NUMBERS["Patient"]
_NAME = "Connected user"

_COVERED = """
select o.home from fhir_owner o
where o.owner = %(owner)s and o.home is not null and (
  select coalesce(bit_or(r.vers), 0) from (
    select vers from fhir_resource where owner = %(owner)s and rtype = %(patient)s and fid = o.home
    union all
    select vers from fhir_tombstone where owner = %(owner)s and rtype = %(patient)s and fid = o.home
  ) r) = 7
"""


def home_patient(
    *, owner: int, base: str, now: datetime, may_write: Callable[[], bool]
) -> str | None:
    """The id of the owner's home Patient, chosen or made now if need be; None where that may not
    be. `base` is `<resource_url>/user/<vendor account id>`; `may_write` is asked under the owner's
    lock."""
    cursor = db.cursor()
    row = cursor.execute(_COVERED, {"owner": owner, "patient": PATIENT}, prepare=True).fetchone()
    if row:
        return str(row[0])
    with transaction.atomic():
        cursor = db.cursor()
        seq, home = lock_owner(cursor, owner=owner, changes=1)
        if not may_write():
            return None
        if home is None:
            home = _choose(cursor, owner) or short_id(
                source_url(base=base, rtype="Patient", source_id=base.rsplit("/", 1)[-1])
            )
            cursor.execute("update fhir_owner set home = %s where owner = %s", (home, owner))
        changes = Changes(owner=owner, seq=seq, now=now)
        stand_in(cursor, changes, owner=owner, home=home)
        changes.flush(cursor)
    return home


def _choose(cursor: psycopg.Cursor[Any], owner: int) -> str | None:
    row = cursor.execute(
        "select min(fid) from fhir_resource where owner = %s and rtype = %s", (owner, PATIENT)
    ).fetchone()
    return row[0] if row else None


def stand_in(cursor: psycopg.Cursor[Any], changes: Changes, *, owner: int, home: str) -> None:
    """Put a stand-in into the versions where the home Patient is neither stored nor was deleted by
    an app. One change; the owner is locked."""
    key = (PATIENT, home)
    rows = held(cursor, owner=owner, wanted=[key], vers=EVERY_VERSION, whole=True).get(key, [])
    tombs = tombstones(cursor, owner=owner, wanted=[key], vers=EVERY_VERSION).get(key, [])
    missing = EVERY_VERSION
    for vers in (*(row.vers for row in rows), *(tomb.vers for tomb in tombs)):
        missing &= ~vers
    if not missing:
        return
    standing = next((row for row in rows if row.hash == STAND_IN), None)
    if standing:
        changes.rewrite(
            standing, vers=standing.vers | missing, body=standing.body, version=standing.version
        )
    else:
        changes.create(
            Incoming(
                rtype=PATIENT, fid=home, vers=missing, resource=_minimal(home, rows), hash=STAND_IN
            )
        )


def make_room(changes: Changes, standing: Held, *, vers: int) -> int:
    """Let the real Patient take the stand-in's place in these versions; returns the number its
    first version gets. One change."""
    if rest := standing.vers & ~vers:
        changes.rewrite(standing, vers=rest, body=standing.body, version=standing.version)
    else:
        changes.drop(standing)
    return standing.next


def _minimal(home: str, rows: list[Held]) -> dict[str, Any]:
    name = next((n for row in rows if (n := _name(digits.loads(row.body)))), _NAME)
    return {
        "resourceType": "Patient",
        "id": home,
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(name)}</div>',
        },
        "name": [{"text": name}],
    }


def _name(patient: dict[str, Any]) -> str:
    names = patient.get("name")
    first = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    if isinstance(first.get("text"), str):
        return str(first["text"])
    family = first.get("family")
    parts = [*(first.get("given") or ()), *(family if isinstance(family, list) else [family])]
    return " ".join(part for part in parts if isinstance(part, str))
