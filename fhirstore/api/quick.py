"""Reads and searches of one type, with the caller's token checked by the statement that answers
them. Each gives None where it cannot tell: whatever else there is to say is said by the ordinary
way, which begins with the credentials.
"""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from accounts.claims import Claim
from fhirstore.api import presented, stored
from fhirstore.api.call import Answer, Call
from fhirstore.api.preconditions import unchanged
from fhirstore.api.search import as_bundle
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search import quick, rows
from fhirstore.search.definitions import types
from fhirstore.search.paging import check_window
from fhirstore.search.request import parse, read_pairs

LONGEST = 300
"""Characters of a query that is kept with what it means."""


def read(call: Call, claim: Claim) -> Answer | None:
    """`GET {Type}/{id}`: the user's own resource."""
    if call.rtype not in types(call.version) or "\0" in call.fid:
        return None
    values = {
        "rtype": NUMBERS[call.rtype],
        "fid": call.fid,
        "bit": VERSION_BITS[call.version],
    }
    found = rows.resources(stored.OWN, values, version=call.version, by=claim.execute)
    if not found:
        return None
    current = stored.as_stored(found[0])
    answer = stored.answer(current)
    if unchanged(call, current):
        return Answer(status=304, headers=answer.headers)
    return presented.in_part(call, answer)


def search(call: Call, claim: Claim) -> Answer | None:
    """`GET {Type}?...`: a page of the user's own resources."""
    if call.rtype not in types(call.version) or len(call.query) > LONGEST:
        return None
    base = settings.HOSTS["api"]
    question = _question(call.version, call.rtype, call.query, call.prefers("strict"), base)
    if question is None or question.request.ignored:
        return None
    check_window(question.request, longest=settings.R4_SKIP_MAX)
    found = quick.find(question, claim)
    if found is None:
        return None
    return as_bundle(call, f"{call.base}/{call.rtype}", question.request, found)


@lru_cache(maxsize=2048)
def _question(
    version: str, rtype: str, query: str, strict: bool, base: str
) -> quick.Question | None:
    """What a query means: apps ask the same few questions."""
    request = parse(version=version, rtype=rtype, pairs=read_pairs(query), strict=strict)
    return quick.question(request, base=base)
