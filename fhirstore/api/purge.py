"""`DELETE purge` (wire contract 12.7): the user's data of a version, for good."""

from __future__ import annotations

from datetime import datetime

import orjson
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from fhirstore import erase, outcome
from fhirstore.api.call import Answer, Call
from fhirstore.errors import InvalidRequest, InvalidValue
from fhirstore.rtypes import BY_LOWER_CASE
from fhirstore.search.moments import instant, moments
from fhirstore.search.request import Pair, read_pairs


def purge(call: Call) -> Answer:
    """Erase, all or what `_type` and `_before` say. Live connections go on and read everything
    again; the module that manages their data is named by a setting, for this app knows of none.
    """
    pairs = read_pairs(call.query)
    odd = {pair.name for pair in pairs} - {"_type", "_before", "access_token"}
    if odd:  # a misspelled limit must not erase everything
        raise InvalidRequest(f"purge does not know the parameter {min(odd)}")
    rtypes, before = _types(pairs), _before(pairs)
    with transaction.atomic():
        import_string(f"{settings.CONNECTION_DATA}.start_over")(call.owner, call.now)
        erase.erase_owner(owner=call.owner, version=call.version, rtypes=rtypes, before=before)
    return Answer(body=orjson.dumps(outcome.done("the data has been purged")))


def _types(pairs: list[Pair]) -> list[str] | None:
    names = [n for pair in pairs if pair.name == "_type" for n in pair.value.split(",")]
    if any(name.lower() not in BY_LOWER_CASE for name in names):
        raise InvalidValue(parameter="_type", problem="unknown resource type")
    return [BY_LOWER_CASE[name.lower()] for name in names] or None


def _before(pairs: list[Pair]) -> datetime | None:
    texts = [pair.value for pair in pairs if pair.name == "_before"]
    if not texts:
        return None
    span = moments(texts[-1].replace(" ", "+"))
    if span is None:
        raise InvalidValue(parameter="_before", problem="cannot be read as a date")
    return instant(span[0])
