"""AuditEvents that this server makes itself: R4 resources of the user's own store, which tell an
app what became of a connection (wire contract 15.3).

They are found by search and read like any resource; they are in no `$everything` and no export.
Apps cannot write what bears one of their subtypes, nor
change or delete it: what adds up is a signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from django.db import transaction

from accounts.clock import served_instant
from fhirstore import database as db
from fhirstore import identity
from fhirstore.changes import Changes, Incoming, lock_owner
from fhirstore.held import held
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS

PUBLISHER = "Careweave"
_AUDIT_EVENT, _R4 = NUMBERS["AuditEvent"], VERSION_BITS["r4"]
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_SUCCESS, _FAILURE = "0", "4"
CODES = frozenset(
    (
        "system-search-results",
        "system-selected",
        "member-authorization",
        "payer-connection-not-established",
        "data-transfer-initiated",
        "resource-retrieval-failure",
        "member-data-ingestion-completed",
        "member-data-ingestion-timeout",
    )
)
"""The subtypes of wire contract 15.3."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What happened: `code` is the subtype of wire contract 15.3, `words` says it to a person.

    `system_id` and `system_name` are those of the hospital or device, None and empty where the
    event concerns none. `detail` is shown as `outcomeDesc`: no patient data in it.
    """

    code: str
    words: str
    system_id: int | None = None
    system_name: str = ""
    failed: bool = False
    detail: str = ""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"{self.code} is not kept from apps")


def is_ours(resource: dict[str, Any], *, version: str) -> bool:
    """Whether a resource tells, or pretends to tell, what only this server does."""
    if version != "r4" or resource.get("resourceType") != "AuditEvent":
        return False
    subtypes = resource.get("subtype")
    codes = [
        subtype.get("code")
        for subtype in (subtypes if isinstance(subtypes, list) else ())
        if isinstance(subtype, dict)
    ]
    # As a search finds them: without regard to case.
    return any(isinstance(code, str) and code.casefold() in CODES for code in codes)


def record(*, owner: int, events: Sequence[Happened], now: datetime) -> list[str]:
    """Store events of a user; answers their ids. Joins the caller's transaction, takes the owner's
    lock.
    """
    if not events:
        return []
    with transaction.atomic():
        return _create(owner, events, now)


def record_end(*, owner: int, of: str, event: Happened, now: datetime) -> bool:
    """Store the end of what the event with the id `of` began. False, and nothing is stored, where
    that one is not there any more (a purge): an end without a beginning would not add up.
    """
    with transaction.atomic():
        cursor = db.cursor()
        lock_owner(cursor, owner=owner, changes=1)
        key = (_AUDIT_EVENT, of)
        if key not in held(cursor, owner=owner, wanted=[key], vers=_R4, whole=False):
            return False
        _create(owner, [event], now)
        return True


def _create(owner: int, events: Sequence[Happened], now: datetime) -> list[str]:
    cursor = db.cursor()
    seq, _ = lock_owner(cursor, owner=owner, changes=len(events))
    changes = Changes(owner=owner, seq=seq, now=now)
    ids = []
    for event in events:
        fid = identity.random_id(None)
        resource = _resource(fid, owner, event, now)
        changes.create(Incoming(rtype=_AUDIT_EVENT, fid=fid, vers=_R4, resource=resource))
        ids.append(fid)
    changes.flush(cursor)
    return ids


def _resource(fid: str, owner: int, event: Happened, now: datetime) -> dict[str, Any]:
    system = event.system_name or PUBLISHER
    said = f"{event.words}: {system}"
    resource: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": fid,
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(said)}</div>',
        },
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
            "code": "rest",
            "display": "RESTful Operation",
        },
        "subtype": [{"code": event.code, "display": event.words}],
        "action": "E",
        "recorded": served_instant(now),
        "outcome": _FAILURE if event.failed else _SUCCESS,
        "agent": [
            {
                "type": {"coding": [{"system": _PARTICIPATION, "code": "CST"}]},
                "name": system,
                "requestor": False,
            },
            {"name": f"1up-user-{owner}", "requestor": True},
        ],
        "source": {"observer": {"display": PUBLISHER}},
    }
    if event.system_id is not None:
        resource["agent"][0]["altId"] = str(event.system_id)
    if event.detail:
        resource["outcomeDesc"] = event.detail
    return resource
