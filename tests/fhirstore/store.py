"""Looking into the store's tables, and the sources its tests import from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from fhirstore import database
from fhirstore.ingest import ingest
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.source import IngestSummary, Source
from fhirstore.versions import as_served

CERNER = "https://fhir-myrecord.sandboxcerner.com/dstu2/0b8a0111-e8e6-4c26-a91c-5069cbc6b1ca"
EPIC = "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2"
FITBIT = "https://api.fitbit.com/user/AB12CD"

ALICE, BOB = 101, 102
NOW = datetime(2026, 11, 24, 10, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)


def hospital(
    *,
    base: str = EPIC,
    patient: str = "P1",
    connection: int = 7,
    version: str = "dstu2",
    **more: Any,
) -> Source:
    return Source(
        base=base, system_id=4706, connection=connection, version=version, patient=patient, **more
    )


def wearable(*, connection: int = 9) -> Source:
    return Source(base=FITBIT, system_id=4709, connection=connection, version="any", patient="")


def take_in(
    *resources: Any, source: Source | None = None, owner: int = ALICE, now: datetime = NOW
) -> IngestSummary:
    return ingest(owner=owner, source=source or hospital(), resources=resources, now=now)


def bodies(owner: int = ALICE, version: str = "dstu2") -> dict[str, dict[str, Any]]:
    """What the owner reads in a version, by "Type/id"."""
    rows = database.cursor().execute(
        "select rtype, fid, vers, convert_to(body, 'UTF8') from fhir_resource "
        "where owner = %s and (vers & %s) <> 0 order by rtype, fid",
        (owner, VERSION_BITS[version]),
    )
    return {
        f"{NAMES[rtype]}/{fid}": orjson.loads(as_served(body=body, vers=vers, version=version))
        for rtype, fid, vers, body in rows
    }


def only(rtype: str, owner: int = ALICE, version: str = "dstu2") -> dict[str, Any]:
    """The one resource of a type."""
    (found,) = [
        body for name, body in bodies(owner, version).items() if name.startswith(f"{rtype}/")
    ]
    return found


def everything(owner: int = ALICE) -> list[Any]:
    """All rows of all tables of an owner, to compare before and after."""
    cursor = database.cursor()
    tables = (
        "fhir_resource",
        "fhir_token",
        "fhir_range",
        "fhir_string",
        "fhir_history",
        "fhir_outbox",
        "fhir_tombstone",
    )
    return [
        sorted(
            map(str, cursor.execute(f"select * from {table} where owner = %s", (owner,)).fetchall())
        )
        for table in tables
    ]


def count(table: str, owner: int = ALICE) -> int:
    row = (
        database.cursor()
        .execute(f"select count(*) from {table} where owner = %s", (owner,))
        .fetchone()
    )
    assert row is not None
    return int(row[0])


def under_key(key: int, rtype: str, owner: int = ALICE) -> set[str]:
    """The ids of the resources that have a token row under a key."""
    rows = database.cursor().execute(
        "select r.fid from fhir_token t join fhir_resource r "
        "on r.owner = t.owner and r.rid = t.rid and r.rtype = %s "
        "where t.owner = %s and t.key = %s",
        (NUMBERS[rtype], owner, key),
    )
    return {row[0] for row in rows}


def observation(ident: str = "O1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/P1"},
        "effectiveDateTime": "2026-11-20T08:00:00Z",
        "valueQuantity": {"value": 72, "unit": "/min"},
    } | more
