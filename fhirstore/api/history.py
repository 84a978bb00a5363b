"""`GET {Type}/{id}/_history`, `{Type}/_history` and `_history` (wire contract 12.7): versions and
deletions, newest first. One resource's are paged like `$everything`; of a type or of everything
each page goes on behind the last entry of the one before, so that what happens meanwhile moves
nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from accounts.clock import served_instant
from fhirstore import writes
from fhirstore.api.call import Answer, Call
from fhirstore.api.stored import etag, owner_of, told, visible_versions
from fhirstore.changes import FIRST_VERSION
from fhirstore.errors import InvalidRequest, InvalidValue, UnknownParameter
from fhirstore.search.bundle import bundle
from fhirstore.search.chronicle import Chronicle, Span, position
from fhirstore.search.definitions import types
from fhirstore.search.moments import instant, moments
from fhirstore.search.paging import links
from fhirstore.search.request import PAGING, UNREPEATED, Pair, number, page_size, read_pairs

_KNOWN = ("_since", "_at", "_count", "_format", "_pretty", *PAGING, *UNREPEATED)


def history(call: Call) -> Answer:
    """All versions of one resource, deletions among them."""
    call.check_type()
    pairs, ignored = _pairs(call)
    since, at = _since(pairs), _at(pairs)
    owner = owner_of(call)
    with told(call):
        versions = writes.history(owner=owner, version=call.version, rtype=call.rtype, fid=call.fid)
    visible = visible_versions(call, owner)
    versions = [
        version
        for version in _current_at(versions, at)
        if visible(version.version_id, version.body) and (since is None or version.updated >= since)
    ]
    skip, count = number(pairs, "_skip", "_offset") or 0, page_size(pairs)
    shown = versions[skip : skip + count]
    more = bool(shown) and skip + count < len(versions)
    return _page(
        call,
        f"{call.base}/{call.rtype}/{call.fid}/_history",
        pairs,
        ignored,
        total=len(versions),
        entries=[
            _entry(call, call.rtype, call.fid, v.version_id, v.updated, v.body) for v in shown
        ],
        following=f"_skip={skip + count}" if more else "",
    )


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
    count, skip = page_size(pairs), number(pairs, "_skip", "_offset")
    after = "" if skip is not None else _last(pairs, "_after")
    found = chronicle.page(limit=count + 1, offset=skip or 0, after=after) if count else []
    shown = found[:count]
    following = ""
    if len(found) > count:
        following = f"_after={position(shown[-1])}" if skip is None else f"_skip={skip + count}"
    return _page(
        call,
        url,
        pairs,
        ignored,
        total=chronicle.total(),
        entries=[
            _entry(call, e.rtype, e.fid, FIRST_VERSION + e.version, e.updated, e.body)
            for e in shown
        ],
        following=following,
    )


def _page(
    call: Call,
    url: str,
    pairs: Sequence[Pair],
    ignored: Sequence[Pair],
    *,
    total: int,
    entries: Sequence[bytes],
    following: str,
) -> Answer:
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


def _current_at(versions: list[writes.HistoryEntry], at: Span | None) -> list[writes.HistoryEntry]:
    """Those that were current at some moment of a span, newest first like all; of deletions those
    that happened in it."""
    if at is None:
        return versions
    (first, end), kept, ended = at, [], None
    for version in versions:
        lasted = version.body is not None and (ended is None or ended > first)
        if version.updated < end and (version.updated >= first or lasted):
            kept.append(version)
        ended = version.updated
    return kept


def _entry(
    call: Call, rtype: str, fid: str, version_id: int, updated: datetime, body: bytes | None
) -> bytes:
    path = f"{rtype}/{fid}"
    method = "DELETE" if body is None else "POST" if version_id == FIRST_VERSION else "PUT"
    request = {"method": method, "url": rtype if method == "POST" else path}
    parts = [b'{"fullUrl":', orjson.dumps(f"{call.full_base}/{path}")]
    if body is not None:
        parts += [b',"resource":', body]
    parts += [b',"request":', orjson.dumps(request)]
    if call.version == "r4":
        parts += [b',"response":', orjson.dumps(_response(method, version_id, updated))]
    return b"".join([*parts, b"}"])


def _response(method: str, version_id: int, updated: datetime) -> dict[str, Any]:
    return {
        "status": "201 Created" if method == "POST" else "200 OK",
        "etag": etag(version_id),
        "lastModified": served_instant(updated),
    }
