"""Ready rows: what the store writes for a user's Observations, as binary COPY data, to be put down
for any number of users.

One made-up user's data goes through the real ingest; its rows are read back and cut into the
batches they came in. For another user the bytes that name the first one are exchanged: the owner's
number, the Patient's id (in ids, references and bodies) and the keys that follow from it (the
subject's, the compartment's). The keys of other ids (`self`, an encounter's) stay those of the
first user, which no query of the benchmarks asks for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg

from fhirstore import database
from fhirstore.identity import short_id, source_url
from fhirstore.ingest import ingest
from fhirstore.keys import compartment_key, reference_key
from tests.benchmarks.observations import BASE, observation, source

SEARCHED = ("fhir_resource", "fhir_token", "fhir_range", "fhir_string")
TABLES = (*SEARCHED, "fhir_outbox")
"""What a new resource is written to; the outbox is emptied as soon as everybody was told."""
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_FIRST_OWNER = 0x5EED_F00D_C0DE_0000

Names = tuple[bytes, ...]
"""The bytes that tell users apart."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one batch, by table, without COPY's header and trailer."""

    parts: dict[str, bytes]
    names: Names

    def of(self, user: int) -> dict[str, bytes]:
        """The same rows for another user."""
        return {table: _renamed(rows, self.names, user) for table, rows in self.parts.items()}


@dataclass(frozen=True, slots=True)
class Template:
    """A user's Observations in the batches in which they were stored."""

    batches: tuple[Batch, ...]
    resources: int


def patient_of(user: int) -> str:
    """The id of the Patient of a user that got rows of a template."""
    return sha256(f"patient of {user}".encode()).hexdigest()[:12]


def template(number: int, *, resources: int, batch: int, now: datetime) -> Template:
    """Put a made-up user's data through ingest and keep the rows; the user is gone afterwards.
    `number` tells templates apart: their dates and values differ."""
    owner = _FIRST_OWNER + number
    first = number * resources
    batches = []
    cursor = database.cursor()
    seq = 0
    for begin in range(first, first + resources, batch):
        sent = [observation(number, n) for n in range(begin, begin + batch)]
        ingest(owner=owner, source=source(number), resources=sent, now=now)
        batches.append(Batch(_read(cursor, owner, seq), _names_in_template(owner, number)))
        (seq,) = _one(cursor, "select seq from fhir_owner where owner = %s", owner)
        for table in TABLES:
            cursor.execute(f"delete from {table} where owner = %s", (owner,))
    cursor.execute("delete from fhir_owner where owner = %s", (owner,))
    return Template(batches=tuple(batches), resources=resources)


def _one(cursor: psycopg.Cursor[Any], sql: str, owner: int) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = cursor.execute(sql, (owner,)).fetchone()
    assert row is not None
    return row


def _read(cursor: psycopg.Cursor[Any], owner: int, seq: int) -> dict[str, bytes]:
    parts = {}
    for table in TABLES:
        sql = f"copy (select * from {table} where owner = {owner}) to stdout (format binary)"
        with cursor.copy(sql) as copy:
            data = b"".join(bytes(block) for block in copy)
        parts[table] = data[len(HEADER) : -len(TRAILER)]
    return parts


def _names_in_template(owner: int, number: int) -> Names:
    patient = short_id(source_url(base=BASE, rtype="Patient", source_id=f"patient-{number}"))
    return _names(owner, patient)


def _names(owner: int, patient: str) -> Names:
    target = f"Patient/{patient}"
    keys = (owner, compartment_key(target), reference_key("Observation", "subject", target))
    return (*(struct.pack(">q", key) for key in keys), patient.encode())


def _renamed(rows: bytes, names: Names, user: int) -> bytes:
    for old, new in zip(names, _names(user, patient_of(user)), strict=True):
        rows = rows.replace(old, new)
    return rows


def copy_rows(
    cursor: psycopg.Cursor[Any], rows: dict[str, list[bytes]], *, options: str = ""
) -> None:
    """COPY ready rows into their tables."""
    for table, parts in rows.items():
        if any(parts):
            with cursor.copy(f"copy {table} from stdin (format binary{options})") as copy:
                copy.write(b"".join((HEADER, *parts, TRAILER)))
