"""The AuditEvents of a user, oldest first, as an app reads them."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection as database

from fhirstore.rtypes import NUMBERS


def audit_events(owner: int) -> list[dict[str, Any]]:
    """The resources, in the order they were written."""
    with database.cursor() as cursor:
        cursor.execute(
            "select r.body from fhir_resource r join fhir_outbox o"
            " on o.owner = r.owner and o.rtype = r.rtype and o.fid = r.fid"
            " where r.owner = %s and r.rtype = %s order by o.seq",
            (owner, NUMBERS["AuditEvent"]),
        )
        return [json.loads(body) for (body,) in cursor.fetchall()]


def codes(owner: int) -> list[str]:
    """Their subtypes, shortened: `initiated`, `completed`, `timeout`, `failure`, or the whole."""
    short = {
        "data-transfer-initiated": "initiated",
        "member-data-ingestion-completed": "completed",
        "member-data-ingestion-timeout": "timeout",
        "resource-retrieval-failure": "failure",
    }
    found = [event["subtype"][0]["code"] for event in audit_events(owner)]
    return [short.get(code, code) for code in found]
