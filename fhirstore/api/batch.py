"""`POST {base}` with a Bundle (wire contract 12.7): batch, transaction, and the legacy form without
`request`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import orjson
from django.db import transaction

from accounts import audit
from accounts.scopes import permits
from fhirstore import digits, outcome
from fhirstore.api.bodies import check_resource
from fhirstore.api.call import Answer, Call, Interaction
from fhirstore.api.transaction import chosen_ids
from fhirstore.errors import FhirError, Forbidden, InvalidRequest, NotFound

LEGACY_MOST, MOST = 20, 5000
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "GET": 3, "HEAD": 4}

Resolve = Callable[[str, str], tuple[Interaction, Mapping[str, str]]]
"""(method, path below the base) to the interaction and what the path names; raises NotFound or
MethodNotAllowed."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry as a call of its own."""

    place: int
    method: str
    interaction: Interaction
    call: Call
    full_url: str


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
    return _answer("batch-response", [_alone(call, row, n, resolve) for n, row in enumerate(rows)])


_STANDARD = ("batch", "transaction")


def _legacy(call: Call, rows: list[dict[str, Any]], resolve: Resolve) -> Answer:
    if len(rows) > LEGACY_MOST:
        raise InvalidRequest(
            f"a Bundle of entries without request may have {LEGACY_MOST} entries at most"
        )
    as_created = [{**row, "request": _creation(row.get("resource"))} for row in rows]
    return _answer(
        "batch-response", [_alone(call, row, n, resolve) for n, row in enumerate(as_created)]
    )


def _creation(resource: Any) -> dict[str, Any]:
    rtype = resource.get("resourceType") if isinstance(resource, dict) else None
    return {"method": "POST", "url": rtype if isinstance(rtype, str) else ""}


def _alone(call: Call, row: dict[str, Any], place: int, resolve: Resolve) -> bytes:
    """An entry of a batch: its own success or failure."""
    try:
        entry = _read(call, row, place, resolve)
        return _told(entry, _carried_out(entry))
    except FhirError as error:
        failed = orjson.dumps(outcome.failure(code=error.code, text=error.text))
        member = b'"resource":' + failed + b"," if call.version == "dstu2" else b""
        said = b'"response":{"status":"' + _status(error.status)
        told = b"" if call.version == "dstu2" else b',"outcome":' + failed
        return b"{" + member + said + b'"' + told + b"}}"


def _transaction(call: Call, rows: list[dict[str, Any]], resolve: Resolve) -> Answer:
    entries = []
    for place, row in enumerate(rows):
        with _naming(place):
            entries.append(_read(call, row, place, resolve))
    entries = _resolved(call, entries)
    answers: dict[int, Answer] = {}
    with transaction.atomic():
        for entry in sorted(entries, key=lambda e: (_ORDER.get(e.method, 9), e.place)):
            with _naming(entry.place):
                answers[entry.place] = _carried_out(entry)
    return _answer("transaction-response", [_told(e, answers[e.place]) for e in entries])


class _naming:
    """Adds to an error which entry it was."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, FhirError):
            error.text = f"Bundle.entry[{self.place}]: {error.text}"


def _read(call: Call, row: dict[str, Any], place: int, resolve: Resolve) -> Entry:
    request = row.get("request")
    if not isinstance(request, dict):
        raise InvalidRequest("the entry has no request")
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or not isinstance(url, str):
        raise InvalidRequest("the entry's request has no method or no url")
    path, _, query = url.partition("?")
    below = path.removeprefix(call.base).removeprefix(call.full_base).strip("/")
    method = method.upper()
    if query and method in ("PUT", "DELETE", "PATCH"):
        raise InvalidRequest("conditional update and delete are not supported")
    interaction, named = resolve("GET" if method == "HEAD" else method, f"/{below}")
    if not below or interaction.name in ("", "bundle", "purge"):
        raise NotFound("the entry's url names no resource or type")
    headers = {
        header: str(request[name])
        for name, header in _CONDITIONS.items()
        if isinstance(request.get(name), str)
    }
    full_url = row.get("fullUrl")
    return Entry(
        place=place,
        method=method,
        interaction=interaction,
        full_url=full_url if isinstance(full_url, str) else "",
        call=replace(
            call,
            query=query,
            form="",
            resource=row.get("resource"),
            headers=headers,
            rtype=named.get("rtype", ""),
            fid=named.get("fid", ""),
            vid=named.get("vid", ""),
        ),
    )


_CONDITIONS = {
    "ifMatch": "if-match",
    "ifNoneMatch": "if-none-match",
    "ifNoneExist": "if-none-exist",
}


def _resolved(call: Call, entries: list[Entry]) -> list[Entry]:
    """The entries with ids chosen for what is created, and references between them resolved."""
    changed = [
        (e.call.rtype, e.call.fid) for e in entries if e.method in ("PUT", "DELETE") and e.call.fid
    ]
    if len(changed) != len(set(changed)):
        raise InvalidRequest("a transaction may change a resource once only")
    created = {
        e.place: check_resource(e.call.resource, rtype=e.call.rtype)
        for e in entries
        if e.interaction.name == "create"
    }
    urls = {e.place: e.full_url for e in entries if e.full_url}
    others = {
        e.place: (f"{e.call.rtype}/{e.call.fid}", e.call.resource)
        for e in entries
        if e.method == "PUT"
    }
    ids = chosen_ids(call, created=created, others=others, full_urls=urls)
    return [
        replace(e, call=replace(e.call, fid=ids[e.place])) if e.place in ids else e for e in entries
    ]


def _carried_out(entry: Entry) -> Answer:
    call, interaction = entry.call, entry.interaction
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
    said: dict[str, str] = {"status": _status(answer.status).decode()}
    for header, name in (("Location", "location"), ("ETag", "etag")):
        if header in answer.headers:
            said[name] = answer.headers[header]
    parts = []
    if answer.body:
        resource = digits.loads(answer.body)
        if "id" in resource and resource.get("resourceType") == entry.call.rtype:
            where = f"{entry.call.full_base}/{entry.call.rtype}/{resource['id']}"
            parts.append(b'"fullUrl":' + orjson.dumps(where))
            modified = resource.get("meta", {}).get("lastUpdated")
            said |= {"lastModified": modified} if isinstance(modified, str) else {}
        parts.append(b'"resource":' + answer.body)
    parts.append(b'"response":' + orjson.dumps(said))
    return b"{" + b",".join(parts) + b"}"


def _status(status: int) -> bytes:
    return f"{status} {HTTPStatus(status).phrase}".encode()


def _answer(kind: str, entries: list[bytes]) -> Answer:
    head = b'{"resourceType":"Bundle","type":"' + kind.encode() + b'","entry":['
    return Answer(body=head + b",".join(entries) + b"]}")
