"""`GET {Type}/{id}/_history` (wire contract 12.7): the versions of one resource, newest first, by
the paging rules of `$everything`."""

from __future__ import annotations

from typing import Any

import orjson

from accounts.clock import served_instant
from fhirstore import writes
from fhirstore.api.call import Answer, Call
from fhirstore.api.stored import etag, owner_of, told, visible_versions
from fhirstore.changes import FIRST_VERSION
from fhirstore.search.bundle import bundle
from fhirstore.search.paging import links
from fhirstore.search.request import number, page_size, read_pairs


def history(call: Call) -> Answer:
    """All versions, deletions among them."""
    call.check_type()
    pairs = read_pairs(call.query)
    owner = owner_of(call)
    with told(call):
        versions = writes.history(owner=owner, version=call.version, rtype=call.rtype, fid=call.fid)
    visible = visible_versions(call, owner)
    versions = [version for version in versions if visible(version.body)]
    skip, count = number(pairs, "_skip", "_offset") or 0, page_size(pairs)
    shown = versions[skip : skip + count]
    more = bool(shown) and skip + count < len(versions)
    page_links = links(
        version=call.version,
        url=f"{call.base}/{call.rtype}/{call.fid}/_history",
        pairs=pairs,
        ignored=(),
        following=f"_skip={skip + count}" if more else "",
    )
    entries = [_entry(call, version) for version in shown]
    return Answer(
        body=bundle(kind="history", total=len(versions), entries=entries, links=page_links)
    )


def _entry(call: Call, version: writes.HistoryEntry) -> bytes:
    path = f"{call.rtype}/{call.fid}"
    first = version.version_id == FIRST_VERSION
    method = "DELETE" if version.body is None else "POST" if first else "PUT"
    request = {"method": method, "url": call.rtype if method == "POST" else path}
    parts = [b'{"fullUrl":', orjson.dumps(f"{call.full_base}/{path}")]
    if version.body is not None:
        parts += [b',"resource":', version.body]
    parts += [b',"request":', orjson.dumps(request)]
    if call.version == "r4":
        parts += [b',"response":', orjson.dumps(_response(method, version))]
    return b"".join([*parts, b"}"])


def _response(method: str, version: writes.HistoryEntry) -> dict[str, Any]:
    return {
        "status": "201 Created" if method == "POST" else "200 OK",
        "etag": etag(version.version_id),
        "lastModified": served_instant(version.updated),
    }
