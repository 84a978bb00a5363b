"""Subscriptions: what is accepted, which resources one asks for, and its status (wire contract
15.2). Delivering is the sync engine's, which may use the network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from accounts.scopes import WHOLE, Sight, permits
from fhirstore import database as db
from fhirstore import digits, granted, writes
from fhirstore.changes import FIRST_VERSION, lock_owner
from fhirstore.errors import FhirError, Forbidden, Unprocessable
from fhirstore.held import held
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import BY_LOWER_CASE, NUMBERS
from fhirstore.search import controls
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.definitions import types
from fhirstore.search.execute import run
from fhirstore.search.moments import microseconds
from fhirstore.search.owners import Owners
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import Pair, SearchRequest, parse_ordinary, read_pairs
from fhirstore.search.rows import Row

NUMBER = NUMBERS["Subscription"]
REQUESTED, ACTIVE, ERROR, OFF = "requested", "active", "error", "off"
PAYLOADS = ("application/json", "application/fhir+json")

_MOST = 200
"""So many changes are looked at together."""
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}):[ \t]*([\x20-\x7e]{1,4000})")
_OURS = {"host", "content-length", "content-type", "transfer-encoding", "connection", "te"}
_UNWANTED = ("_count", "_skip", "_offset", "_afterid", "_after", "_sort", "_summary")
_CHANGED = """
select fid, max(seq) from fhir_outbox
where owner = %(owner)s and seq > %(after)s and seq <= %(upto)s and rtype = %(rtype)s
  and (vers & %(bit)s) <> 0
group by fid order by max(seq) limit %(most)s
"""


@dataclass(frozen=True, kw_only=True)
class Subscribed:
    """A Subscription as stored, read: where to send, with which headers, and what. `problem` says
    why it cannot be served, empty where it can.
    """

    owner: int
    version: str
    fid: str
    number: int
    status: str
    criteria: str = ""
    endpoint: str = ""
    payload: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Match:
    """A changed resource that meets the criteria. `seq` is the owner's change number."""

    seq: int
    rtype: str
    fid: str
    body: bytes


def check(resource: dict[str, Any], *, version: str, scope: str) -> None:
    """Refuse a Subscription that could not be served, or that a token of this scope may not ask
    for: it must be allowed to search what is subscribed to, unless it switches off. Raises
    Unprocessable, naming the element, and Forbidden."""
    status = resource.get("status")
    if status not in (REQUESTED, ACTIVE, ERROR, OFF):
        raise Unprocessable("Subscription.status is not requested, active, error or off")
    read = subscribed(resource, owner=0, version=version, number=0)
    if read.problem:
        raise Unprocessable(read.problem)
    for pair in read_pairs(read.criteria.partition("?")[2]):
        if pair.name in _UNWANTED or controls.takes(pair.name):
            raise Unprocessable(f"Subscription.criteria: {pair.name} has no effect; leave it out")
    rtype = _type(read)
    if status != OFF and not permits(scope, rtype, "search"):
        raise Forbidden(f"the token's scope does not permit search of {rtype}")


def subscribed(resource: dict[str, Any], *, owner: int, version: str, number: int) -> Subscribed:
    """Read a stored Subscription."""
    channel = resource.get("channel")
    channel = channel if isinstance(channel, dict) else {}
    found = Subscribed(
        owner=owner,
        version=version,
        fid=str(resource.get("id", "")),
        number=number,
        status=str(resource.get("status", "")),
        criteria=_text(resource, "criteria"),
        endpoint=_text(channel, "endpoint"),
        payload=_text(channel, "payload"),
    )
    try:
        _request(found)
        if channel.get("type") != "rest-hook":
            raise Unprocessable("Subscription.channel.type is not rest-hook")
        kind = found.payload.partition(";")[0].strip().lower()
        # It becomes a header as it is.
        if kind not in PAYLOADS or not found.payload.isascii() or not found.payload.isprintable():
            raise Unprocessable("Subscription.channel.payload is required: application/json")
        _check_endpoint(found.endpoint)
        return replace(found, headers=_headers(channel.get("header")))
    except FhirError as error:
        return replace(found, problem=error.text)


def read(*, owner: int, vers: int, number: int, body: bytes) -> Subscribed:
    """A row of `fhir_resource`, read."""
    version = next(name for name, bit in VERSION_BITS.items() if bit & vers)
    return subscribed(digits.loads(body), owner=owner, version=version, number=number)


def last_change(asked: Subscribed) -> int:
    """The number of the change that wrote the Subscription last: what came after concerns it."""
    row = (
        db.cursor()
        .execute(
            "select seq from fhir_outbox where owner = %s and rtype = %s and fid = %s"
            " and (vers & %s) <> 0 order by seq desc limit 1",
            (asked.owner, NUMBER, asked.fid, VERSION_BITS[asked.version]),
        )
        .fetchone()
    )
    return int(row[0]) if row else 0


def changes(asked: Subscribed, *, after: int, now: datetime) -> Iterator[tuple[int, list[Match]]]:
    """What meets the criteria of what changed after a change number, as far as the token that
    wrote the Subscription may read it, in the order of the changes, some hundred at a time; each
    time with the number up to which all was looked at.
    """
    cursor = db.cursor()
    row = cursor.execute("select seq from fhir_owner where owner = %s", (asked.owner,)).fetchone()
    upto = int(row[0]) if row else 0
    request = _request(asked)
    seen = granted.sight_of(
        owner=asked.owner, version=asked.version, fid=asked.fid, number=asked.number
    )
    while after < upto:
        changed = cursor.execute(
            _CHANGED,
            {
                "owner": asked.owner,
                "after": after,
                "upto": upto,
                "rtype": NUMBERS[request.rtype],
                "bit": VERSION_BITS[asked.version],
                "most": _MOST,
            },
        ).fetchall()
        after = changed[-1][1] if len(changed) == _MOST else upto
        yield after, _matching(asked, request.rtype, dict(changed), now, seen)


def set_status(asked: Subscribed, *, status: str, error: str, now: datetime) -> int | None:
    """Write the status the server gives it; answers the number of the version that has it, None
    where it was changed since it was read."""
    bit, key = VERSION_BITS[asked.version], (NUMBER, asked.fid)
    with transaction.atomic():
        cursor = db.cursor()
        lock_owner(cursor, owner=asked.owner, changes=1)
        found = held(cursor, owner=asked.owner, wanted=[key], vers=bit, whole=True).get(key, [])
        if not found or found[0].version != asked.number:
            return None
        body = digits.loads(found[0].body)
        body["status"] = status
        body.pop("error", None)
        if error:
            body["error"] = error
        stored = writes.update(
            owner=asked.owner,
            version=asked.version,
            rtype="Subscription",
            fid=asked.fid,
            body=body,
            now=now,
        )
    return stored.version_id - FIRST_VERSION


def _text(node: dict[str, Any], name: str) -> str:
    value = node.get(name)
    return value.strip() if isinstance(value, str) else ""


def _request(asked: Subscribed, ids: Sequence[str] = ()) -> SearchRequest:
    """The criteria as a search, of these ids alone where some are named. A misspelled parameter is
    an error here: ignored, it would send everything.
    """
    name, query = _type(asked), asked.criteria.partition("?")[2]
    if name not in types(asked.version):
        raise Unprocessable("Subscription.criteria is not a search like Observation?code=1234")
    pairs = [pair for pair in read_pairs(query) if pair.name not in _UNWANTED]
    if ids:
        pairs.append(Pair(name="_id", value=",".join(ids), raw=""))
        pairs.append(Pair(name="_count", value=str(len(ids)), raw=""))
    try:
        request = parse_ordinary(version=asked.version, rtype=name, pairs=pairs, strict=True)
        compile_parts(request, _scope(asked, name, 0), Binder())
    except FhirError as error:
        raise Unprocessable(f"Subscription.criteria: {error.text}") from error
    return request


def _type(asked: Subscribed) -> str:
    """The type that the criteria name, "" where there is no such one."""
    return BY_LOWER_CASE.get(asked.criteria.lstrip("/").partition("?")[0].lower(), "")


def _scope(asked: Subscribed, rtype: str, now: int, seen: Sight = WHOLE) -> Scope:
    return Scope(
        owners=Owners(numbers=(asked.owner,)),
        version=asked.version,
        bit=VERSION_BITS[asked.version],
        rtype=rtype,
        number=NUMBERS[rtype],
        now_microseconds=now,
        base=settings.HOSTS["api"],
        sight=seen,
    )


def _matching(
    asked: Subscribed, rtype: str, changed: dict[str, int], now: datetime, seen: Sight
) -> list[Match]:
    if not changed:
        return []
    request = _request(asked, list(changed))
    rows: Sequence[Row] = run(request, _scope(asked, rtype, microseconds(now), seen)).rows
    found = [
        Match(seq=changed[row.fid], rtype=rtype, fid=row.fid, body=row.body)
        for row in rows
        if row.owner == asked.owner
    ]
    return sorted(found, key=lambda match: match.seq)


def _check_endpoint(url: str) -> None:
    """https, or plain http to a host an operator named; what is plainly inside a private network is
    refused at once, the rest when it is called.
    """
    problem = "Subscription.channel.endpoint"
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower().rstrip("."), parts.port
    except ValueError as error:
        raise Unprocessable(f"{problem} is not a URL") from error
    if not host or parts.scheme not in ("https", "http") or "@" in parts.netloc:
        raise Unprocessable(f"{problem} is not a plain https URL")
    port = port or (443 if parts.scheme == "https" else 80)
    allowed = {name.lower() for name in settings.ALLOWED_OUTBOUND_HOSTS}
    if allowed & {host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"}:
        return
    if parts.scheme != "https":
        raise Unprocessable(f"{problem} is not https")
    if host == "localhost" or host.endswith(".localhost") or _is_private(host):
        raise Unprocessable(f"{problem} lies in a private network")


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def _headers(given: Any) -> tuple[tuple[str, str], ...]:
    """`channel.header`: one string, or a list of them."""
    lines = given if isinstance(given, list) else [] if given is None else [given]
    found = []
    for line in lines:
        match = _HEADER.fullmatch(line.strip()) if isinstance(line, str) else None
        if match is None or match[1].lower() in _OURS:
            raise Unprocessable("Subscription.channel.header is not like Authorization: Bearer x")
        found.append((match[1], match[2].strip()))
    return tuple(found)
