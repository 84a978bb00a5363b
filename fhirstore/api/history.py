"""`GET {Type}/{id}/_history`, `{Type}/_history` and `_history` (wire contract 12.7): versions and
deletions, newest first. Each page goes on behind the last entry of the one before, so that what
happens meanwhile moves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

import orjson

from accounts.clock import served_instant
from fhirstore.api.call import Answer, Call
from fhirstore.api.stored import etag, owner_of, visible_versions
from fhirstore.changes import FIRST_VERSION
from fhirstore.errors import InvalidRequest, InvalidValue, NotFound, UnknownParameter
from fhirstore.search import controls
from fhirstore.search.bundle import bundle
from fhirstore.search.chronicle import Chronicle, Event, Span, position
from fhirstore.search.definitions import types
from fhirstore.search.moments import instant, moments
from fhirstore.search.owners import Owners
from fhirstore.search.paging import links
from fhirstore.search.request import PAGING, UNREPEATED, Pair, number, page_size, read_pairs
from fhirstore.search.shown import show

_OUR_ID = re.compile(r"[0-9a-f]{12}(?:[0-9a-f]{36})?")
_PARTS = ("_summary", "_elements")
_KNOWN = ("_since", "_at", "_count", "_format", "_pretty", *_PARTS, *PAGING, *UNREPEATED)


def history(call: Call) -> Answer:
    """All versions of one resource, deletions among them."""
    call.check_type()
    pairs, ignored = _pairs(call)
    owner = owner_of(call)
    scope = replace(call.scope(), owners=Owners(numbers=(owner,)))
    chronicle = Chronicle(
        scope=scope, rtypes=[call.rtype], since=_since(pairs), at=_at(pairs), fid=call.fid
    )
    count, skip = _size(call, pairs), number(pairs, "_skip", "_offset")
    after = "" if skip is not None else _last(pairs, "_after")
    found: list[Event] = []
    if call.access.all_users or owner == call.owner:
        total = chronicle.total()
        if count and (skip or 0) < total:
            found = chronicle.page(limit=count + 1, offset=skip or 0, after=after)
    else:
        total = sum(1 for _ in _visible(call, owner, chronicle, ""))
        if count:
            visible = _visible(call, owner, chronicle, after)
            found = list(islice(visible, skip or 0, (skip or 0) + count + 1))
    if not total and not replace(chronicle, since=None, at=None).total():
        raise NotFound(f"{call.rtype}/{call.fid} is not known")
    return _page(
        call,
        f"{call.base}/{call.rtype}/{call.fid}/_history",
        pairs,
        ignored,
        total=total,
        shown=found[:count],
        following=_following(found, count, skip),
    )


_AT_ONCE = 100


def _visible(call: Call, owner: int, chronicle: Chronicle, after: str) -> Iterator[Event]:
    """The versions of another user's resource, behind a position: which of them may be seen their
    bodies tell."""
    visible = visible_versions(call, owner)
    at = 0
    while events := chronicle.page(limit=_AT_ONCE, offset=at, after=after):
        at += len(events)
        for event in events:
            if visible(FIRST_VERSION + event.version, event.body):
                yield event


def _following(found: Sequence[Event], count: int, skip: int | None) -> str:
    """The paging parameter of the page behind these, of which one is too many where there is
    such a page."""
    if len(found) <= count:
        return ""
    return f"_after={position(found[count - 1])}" if skip is None else f"_skip={skip + count}"


def history_type(call: Call) -> Answer:
    """The versions of all resources of a type."""
    call.check_type()
    return _chronicle(call, [call.rtype], f"{call.base}/{call.rtype}/_history")


def history_system(call: Call) -> Answer:
    """The versions of all resources."""
    return _chronicle(call, sorted(types(call.version)), f"{call.base}/_history")


def _chronicle(call: Call, rtypes: Sequence[str], url: str) -> Answer:
    pairs, ignored = _pairs(call)
    scope = replace(call, rtype=rtypes[0]).scope()
    chronicle = Chronicle(scope=scope, rtypes=rtypes, since=_since(pairs), at=_at(pairs))
    count, skip = _size(call, pairs), number(pairs, "_skip", "_offset")
    after = "" if skip is not None else _last(pairs, "_after")
    found = chronicle.page(limit=count + 1, offset=skip or 0, after=after) if count else []
    return _page(
        call,
        url,
        pairs,
        ignored,
        total=chronicle.total(),
        shown=found[:count],
        following=_following(found, count, skip),
    )


def _page(
    call: Call,
    url: str,
    pairs: Sequence[Pair],
    ignored: Sequence[Pair],
    *,
    total: int,
    shown: Sequence[Event],
    following: str,
) -> Answer:
    wanted = _shown(call, pairs)
    entries = [_entry(call, event, wanted) for event in shown]
    page_links = links(
        version=call.version, url=url, pairs=pairs, ignored=ignored, following=following
    )
    return Answer(body=bundle(kind="history", total=total, entries=entries, links=page_links))


def _pairs(call: Call) -> tuple[list[Pair], list[Pair]]:
    """What was asked, and what of it is ignored."""
    pairs = read_pairs(call.query)
    ignored = [pair for pair in pairs if pair.name not in _KNOWN]
    if ignored and call.prefers("strict"):
        names = ", ".join(sorted({pair.name for pair in ignored}))
        raise UnknownParameter(f"unknown parameter of a history: {names}")
    return pairs, ignored


def _since(pairs: Sequence[Pair]) -> datetime | None:
    span = _span(pairs, "_since")
    return span[0] if span else None


def _at(pairs: Sequence[Pair]) -> Span | None:
    return _span(pairs, "_at")


def _span(pairs: Sequence[Pair], name: str) -> Span | None:
    text = _last(pairs, name).replace(" ", "+")
    if not text:
        return None
    span = moments(text)
    if span is None:
        raise InvalidValue(parameter=name, problem="cannot be read as a date")
    return instant(span[0]), instant(span[1])


def _last(pairs: Sequence[Pair], name: str) -> str:
    value = next((pair.value for pair in reversed(pairs) if pair.name == name), "")
    if "\0" in value:
        raise InvalidRequest("a parameter holds a NUL character")
    return value


def _shown(call: Call, pairs: Sequence[Pair]) -> controls.Controls:
    """How much of each version is shown."""
    return controls.read(version=call.version, pairs=[p for p in pairs if p.name in _PARTS])


def _size(call: Call, pairs: Sequence[Pair]) -> int:
    return 0 if _shown(call, pairs).summary == "count" else page_size(pairs)


def _entry(call: Call, event: Event, wanted: controls.Controls) -> bytes:
    path, version_id = f"{event.rtype}/{event.fid}", FIRST_VERSION + event.version
    first = version_id == FIRST_VERSION
    method = "PUT" if event.body is not None else "DELETE"
    # What has an id of the server's shape (wire contract 13) came without one; by PUT it would be
    # the same again, whoever chose the id.
    if method == "PUT" and first and _OUR_ID.fullmatch(event.fid):
        method = "POST"
    request = {"method": method, "url": event.rtype if method == "POST" else path}
    parts = [b'{"fullUrl":', orjson.dumps(f"{call.full_base}/{path}")]
    if event.body is not None:
        body = show(event.body, version=call.version, controls=wanted)
        parts += [b',"resource":', body]
    parts += [b',"request":', orjson.dumps(request)]
    if call.version == "r4":
        parts += [b',"response":', orjson.dumps(_response(first, version_id, event.updated))]
    return b"".join([*parts, b"}"])


def _response(first: bool, version_id: int, updated: datetime) -> dict[str, Any]:
    return {
        "status": "201 Created" if first else "200 OK",
        "etag": etag(version_id),
        "lastModified": served_instant(updated),
    }
