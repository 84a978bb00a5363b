"""`POST {base}` with a Bundle (wire contract 12.7): batch, transaction, and the legacy form without
`request`."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson
from django.db import transaction

from accounts import audit
from accounts.clock import served_instant
from accounts.scopes import permits
from fhirstore import digits, outcome
from fhirstore.api import pointing
from fhirstore.api.bodies import check_resource
from fhirstore.api.call import Answer, Call
from fhirstore.api.entry import Entry, Resolve, read_entry
from fhirstore.api.transaction import resolve_references, settle
from fhirstore.errors import FhirError, Forbidden, InvalidRequest, TooLong
from fhirstore.search import totals

LEGACY_MOST, MOST = 20, 5000
MOST_ANSWERED = 100_000_000
"""Bytes of all answers of a Bundle, which are put together in memory; what is read beyond is
refused."""
_ORDER = {"delete": 0, "create": 1, "update": 2, "patch": 2}


def perform(call: Call, *, resolve: Resolve) -> Answer:
    """Carry out a Bundle. A batch's entries succeed or fail one by one, a transaction's
    together.
    """
    bundle = check_resource(call.resource, rtype="Bundle")
    rows = bundle.get("entry", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidRequest("Bundle.entry is not a list of entries")
    if not any("request" in row for row in rows) and bundle.get("type") not in _STANDARD:
        return _legacy(call, rows, resolve)
    if bundle.get("type") not in _STANDARD:
        raise InvalidRequest("a Bundle whose entries have a request is a batch or a transaction")
    if len(rows) > MOST:
        raise InvalidRequest(f"a Bundle may have {MOST} entries at most")
    if bundle["type"] == "transaction":
        return _transaction(call, rows, resolve)
    if not any("request" in row for row in rows) and rows:
        return _legacy(call, rows, resolve)
    return _one_by_one(call, rows, resolve)


_STANDARD = ("batch", "transaction")


def _legacy(call: Call, rows: list[dict[str, Any]], resolve: Resolve) -> Answer:
    if len(rows) > LEGACY_MOST:
        raise InvalidRequest(
            f"a Bundle of entries without request may have {LEGACY_MOST} entries at most"
        )
    as_created = [{**row, "request": _creation(row.get("resource"))} for row in rows]
    return _one_by_one(call, as_created, resolve)


def _creation(resource: Any) -> dict[str, Any]:
    rtype = resource.get("resourceType") if isinstance(resource, dict) else None
    return {"method": "POST", "url": rtype if isinstance(rtype, str) else ""}


def _one_by_one(call: Call, rows: list[dict[str, Any]], resolve: Resolve) -> Answer:
    answers: list[bytes] = []
    answered = 0
    for place, row in enumerate(rows):
        answers.append(_alone(call, row, place, resolve, answered=answered))
        answered += len(answers[-1])
    return _answer("batch-response", answers)


def _check_size(entry: Entry, answered: int) -> None:
    if entry.interaction.read_only and answered > MOST_ANSWERED:
        raise TooLong("the answers of the Bundle get too long; ask for this in another one")


def _alone(
    call: Call, row: dict[str, Any], place: int, resolve: Resolve, *, answered: int
) -> bytes:
    """An entry of a batch: its own success or failure. `answered`: bytes of the answers so far."""
    try:
        entry = read_entry(call, row, place, resolve)
        _check_size(entry, answered)
        return _told(entry, _carried_out(entry))
    except FhirError as error:
        failed = orjson.dumps(outcome.refusal(error))
        member = b'"resource":' + failed + b"," if call.version == "dstu2" else b""
        said = b'"response":{"status":"' + _status(error.status)
        told = b"" if call.version == "dstu2" else b',"outcome":' + failed
        return b"{" + member + said + b'"' + told + b"}}"


def _transaction(call: Call, rows: list[dict[str, Any]], resolve: Resolve) -> Answer:
    entries = []
    for place, row in enumerate(rows):
        with _naming(place):
            entries.append(read_entry(call, row, place, resolve))
    answers: dict[int, Answer] = {}
    answered = 0
    try:
        with transaction.atomic():
            settled = settle(call, entries, _naming)
            for entry in sorted(settled, key=_turn):
                with _naming(entry.place):
                    if not entry.interaction.read_only:
                        resolve_references(entry.call, entry.call.resource, final=True)
                    _check_size(entry, answered)
                    answers[entry.place] = _carried_out(entry)
                    answered += len(answers[entry.place].body)
    except BaseException:
        if call.access.app_user_id is not None:
            totals.forget_of(call.access.app_user_id)
        raise
    return _answer("transaction-response", [_told(e, answers[e.place]) for e in settled])


def _turn(entry: Entry) -> tuple[int, int]:
    """When an entry's turn comes: deletes, creates, updates and patches, those that refer to what
    the ones before made by a search, reads."""
    turn = _ORDER.get(entry.interaction.name, 4)
    waits = turn in (1, 2) and pointing.conditions(entry.call.resource)
    if entry.interaction.read_only:
        turn = 4
    return 3 if waits else turn, entry.place


class _naming:
    """Adds to an error which entry it was."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, FhirError):
            error.within(f"Bundle.entry[{self.place}]")


def _carried_out(entry: Entry) -> Answer:
    call, interaction = entry.call, entry.interaction
    if not interaction.name:  # metadata, which needs no credentials
        return interaction.perform(call)
    touched = "*" if interaction.any_type else call.rtype
    permitted = permits(call.access.scope, touched, interaction.name)
    audit.record(
        call.access,
        interaction=interaction.name,
        resource_type=touched,
        resource_id=call.fid,
        outcome=audit.GRANTED if permitted else audit.REFUSED,
        now=call.now,
    )
    if not permitted:
        raise Forbidden(f"the token's scope does not permit {interaction.name} of {touched}")
    return interaction.perform(call)


def _told(entry: Entry, answer: Answer) -> bytes:
    said: dict[str, Any] = {"status": _status(answer.status).decode()}
    for header, name in (("Location", "location"), ("ETag", "etag")):
        if header in answer.headers:
            said[name] = answer.headers[header]
    if "Last-Modified" in answer.headers:
        said["lastModified"] = served_instant(
            parsedate_to_datetime(answer.headers["Last-Modified"])
        )
    parts = []
    if answer.body:
        resource = digits.loads(answer.body)
        if "id" in resource and resource.get("resourceType") == entry.call.rtype:
            where = f"{entry.call.full_base}/{entry.call.rtype}/{resource['id']}"
            parts.append(b'"fullUrl":' + orjson.dumps(where))
            modified = resource.get("meta", {}).get("lastUpdated")
            said |= {"lastModified": modified} if isinstance(modified, str) else {}
        if _is_outcome(resource) and entry.call.version != "dstu2":
            said["outcome"] = resource
        else:
            parts.append(b'"resource":' + answer.body)
    parts.append(b'"response":' + orjson.dumps(said))
    return b"{" + b",".join(parts) + b"}"


def _is_outcome(resource: dict[str, Any]) -> bool:
    return resource.get("resourceType") == "OperationOutcome"


def _status(status: int) -> bytes:
    return f"{status} {HTTPStatus(status).phrase}".encode()


def _answer(kind: str, entries: list[bytes]) -> Answer:
    head = b'{"resourceType":"Bundle","type":"' + kind.encode() + b'","entry":['
    return Answer(body=head + b",".join(entries) + b"]}")
