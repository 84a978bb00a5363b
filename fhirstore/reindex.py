"""Making index rows anew after the definitions or the extraction changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from django.db import transaction

from fhirstore import database as db
from fhirstore.changes import Changes, lock_owner
from fhirstore.held import Key, held
from fhirstore.keys import VERSION_BITS

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


def reindex_owner(*, owner: int, now: datetime) -> int:
    """Index all of an owner's resources anew, a transaction a batch; returns how many. Bodies,
    versions and times stay."""
    done, last = 0, (0, "")
    while True:
        with transaction.atomic():
            cursor = db.cursor()
            wanted = cursor.execute(_PAGE, (owner, *last, BATCH)).fetchall()
            if not wanted:
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
