"""Making index rows anew after the definitions or the extraction changed.

`fhir_owner.indexed` says which generation (`keys.INDEX_GENERATION`) an owner's rows are of. Until
an owner is caught up with, what the new generation added finds too little; nothing else changes."""

from __future__ import annotations

from datetime import datetime
from time import monotonic
from typing import Any

import psycopg
from django.db import transaction

from fhirstore import database as db
from fhirstore.changes import Changes, lock_owner
from fhirstore.held import Key, held
from fhirstore.keys import INDEX_GENERATION, VERSION_BITS

BATCH = 200
_PAGE = """
select distinct rtype, fid from fhir_resource
where owner = %s and (rtype, fid) > (%s, %s) order by rtype, fid limit %s
"""


def owners(*, after: int, limit: int) -> list[int]:
    """Owners with data, in order, from the one after `after`."""
    rows = db.cursor().execute(
        "select owner from fhir_owner where owner > %s order by owner limit %s", (after, limit)
    )
    return [row[0] for row in rows]


def behind(*, limit: int) -> list[int]:
    """Owners whose rows are of an earlier generation."""
    rows = db.cursor().execute(
        "select owner from fhir_owner where indexed < %s limit %s", (INDEX_GENERATION, limit)
    )
    return [row[0] for row in rows]


def catch_up(*, now: datetime, seconds: float) -> int:
    """Index owners that are behind, until none is or the time is over (the owner begun is
    finished); returns how many owners."""
    done, end = 0, monotonic() + seconds
    while page := behind(limit=100):
        for owner in page:
            if monotonic() > end:
                return done
            reindex_owner(owner=owner, now=now)
            done += 1
    return done


def reindex_owner(*, owner: int, now: datetime) -> int:
    """Index all of an owner's resources anew, a transaction a batch; returns how many. Bodies,
    versions and times stay."""
    done, last = 0, (0, "")
    while True:
        with transaction.atomic():
            cursor = db.cursor()
            wanted = cursor.execute(_PAGE, (owner, *last, BATCH)).fetchall()
            if not wanted:
                cursor.execute(
                    "update fhir_owner set indexed = %s where owner = %s",
                    (INDEX_GENERATION, owner),
                )
                return done
            done += _reindex(cursor, owner, wanted, now)
            last = wanted[-1]


def _reindex(cursor: psycopg.Cursor[Any], owner: int, wanted: list[Key], now: datetime) -> int:
    seq, _ = lock_owner(cursor, owner=owner, changes=len(VERSION_BITS) * len(wanted))
    found = {
        (row.rtype, row.rid): row
        for bit in VERSION_BITS.values()
        for rows in held(cursor, owner=owner, wanted=wanted, vers=bit, whole=True).values()
        for row in rows
    }
    changes = Changes(owner=owner, seq=seq, now=now)
    for row in found.values():
        changes.reindex(row)
    changes.flush(cursor)
    return len(found)
