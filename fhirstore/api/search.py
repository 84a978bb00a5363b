"""`GET {Type}` and `POST {Type}/_search` (wire contract 12.2 to 12.4, 12.8)."""

from __future__ import annotations

import orjson
from django.conf import settings

from fhirstore import outcome
from fhirstore.api import presented
from fhirstore.api.call import Answer, Call
from fhirstore.errors import NotFound
from fhirstore.rtypes import NUMBERS
from fhirstore.search.bundle import bundle, hint
from fhirstore.search.definitions import types
from fhirstore.search.execute import NONE, run
from fhirstore.search.paging import check_window, links
from fhirstore.search.request import SearchRequest, parse, read_pairs


def search(call: Call) -> Answer:
    """A page of what matches. A type that only another version has is empty; one that none has is
    not known."""
    if call.rtype not in NUMBERS:
        raise NotFound(f"there is no resource type {call.rtype}")
    pairs = [*read_pairs(call.query), *read_pairs(call.form)]
    strict = call.prefers("strict")
    request = parse(version=call.version, rtype=call.rtype, pairs=pairs, strict=strict)
    check_window(request, longest=settings.R4_SKIP_MAX)
    found = run(request, call.scope()) if call.rtype in types(call.version) else NONE
    entries = presented.entries(call, found.rows, controls=request.controls)
    if request.ignored and call.version == "r4" and call.prefers("lenient"):
        entries.append(hint(_ignored(request)))
    page_links = links(
        version=call.version,
        url=f"{call.base}/{call.rtype}",
        pairs=pairs,
        ignored=request.ignored,
        following=found.following,
    )
    return Answer(
        body=bundle(kind="searchset", total=found.total, entries=entries, links=page_links)
    )


def _ignored(request: SearchRequest) -> bytes:
    names = ", ".join(sorted({pair.name for pair in request.ignored}))
    said = outcome.outcome(
        severity="warning", code="not-supported", text=f"these parameters were ignored: {names}"
    )
    return orjson.dumps(said)
