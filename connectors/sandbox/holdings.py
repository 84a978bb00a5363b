"""What a house has to tell of its people: the ids by type, or a week's steps."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from connectors.sandbox.hospital.hospital import Hospital
from connectors.sandbox.hospital.records import record
from connectors.sandbox.house import House
from connectors.sandbox.wearable.cloud import Cloud
from connectors.sandbox.world import world


def told(place: House, username: str | None, *, holdings_at: datetime | None) -> dict[str, Any]:
    """A house and its people, or one of them; with an instant also what each has then."""
    return {
        "id": place.system,
        "kind": place.kind,
        "name": place.name,
        "fhir_version": place.renderer.version if isinstance(place, Hospital) else "",
        "accounts": [
            {
                "account": account.username,
                "password": account.password,
                "name": account.name,
                "line": account.line,
                "subject": account.subject,
                "base": account.base,
                **(_holdings(place, account.subject, holdings_at) if holdings_at else {}),
            }
            for account in place.accounts
            if username in (None, account.username)
        ],
    }


def _holdings(place: House, subject: str, now: datetime) -> dict[str, Any]:
    if isinstance(place, Hospital):
        counts: dict[str, int] = {}
        ids: dict[str, list[str]] = {}
        for resource in record(place, subject, now=now, state=world().state):
            type_ = resource["resourceType"]
            counts[type_] = counts.get(type_, 0) + 1
            if "id" in resource:
                ids.setdefault(type_, []).append(resource["id"])
        return {"counts": counts, "ids": ids}
    assert isinstance(place, Cloud)
    body = place.bodies[subject]
    today = body.day_of(now)

    def steps(day: date) -> int:
        start, end = body.span(day)
        return body.steps_between(start, min(end, now.replace(second=0, microsecond=0)))

    week = [today - timedelta(days=back) for back in range(7)]
    return {
        "zone": str(body.zone),
        "since": body.since.isoformat(),
        "steps": {day.isoformat(): steps(day) for day in week},
    }
