"""How a resource stands under its id: current, deleted, never there; and one write under the
owner's lock. The errors are those of `fhirstore.writes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg

from fhirstore import database as db
from fhirstore.changes import (
    FIRST_VERSION,
    Changes,
    Incoming,
    Stored,
    lock_owner,
    says_the_same,
)
from fhirstore.held import Held, Key, Tombstone, held, tombstones
from fhirstore.home import STAND_IN, make_room
from fhirstore.keys import EVERY_VERSION


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
    """Wearable data can be deleted but not updated, AuditEvents of the server neither (422)."""


class BadId(WriteError):
    """The id is not one that FHIR allows (400)."""


class Lookup:
    """Rows and tombstones of some ids in one version."""

    def __init__(
        self, cursor: psycopg.Cursor[Any], owner: int, bit: int, wanted: Iterable[Key]
    ) -> None:
        self.rows = held(cursor, owner=owner, wanted=wanted, vers=bit, whole=True)
        self.tombs: dict[Key, list[Tombstone]] = tombstones(
            cursor, owner=owner, wanted=wanted, vers=bit
        )

    def current(self, key: Key) -> Held:
        """The current row. Raises NotThere, Deleted."""
        if rows := self.rows.get(key):
            return rows[0]
        tombs = [t for t in self.tombs.get(key, ()) if not t.hidden]
        if tombs:
            raise Deleted(FIRST_VERSION + tombs[-1].version)
        raise NotThere


class Write(Lookup):
    """A lookup under the owner's lock, and the changes that follow from it."""

    def __init__(self, owner: int, bit: int, wanted: Iterable[Key], now: datetime) -> None:
        wanted = list(wanted)
        self.cursor = db.cursor()
        seq, _ = lock_owner(self.cursor, owner=owner, changes=2 * len(wanted))
        super().__init__(self.cursor, owner, bit, wanted)
        self.changes = Changes(owner=owner, seq=seq, now=now)
        self._bit = bit

    def put(self, key: Key, body: dict[str, Any], *, if_changed: bool = False) -> Stored | None:
        """Create or update; None where `if_changed` and the content is what is there. Raises
        ReadOnly."""
        row = next((r for r in self.rows.get(key, ()) if r.hash != STAND_IN), None)
        if row and row.vers == EVERY_VERSION:
            raise ReadOnly
        body["id"] = key[1]
        if row is None:
            version = 0
            for standing in self.rows.get(key, ()):
                version = make_room(self.changes, standing, vers=self._bit)
            incoming = Incoming(rtype=key[0], fid=key[1], vers=self._bit, resource=body)
            return self.changes.create(
                incoming, tombstones=self.tombs.get(key, ()), version=version
            )
        if if_changed and says_the_same(row, body):
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
