"""`POST {Type}` (wire contract 12.7)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.scopes import permits
from fhirstore import subscriptions, writes
from fhirstore.api.bodies import check_resource
from fhirstore.api.call import Answer, Call
from fhirstore.api.stored import answer, told
from fhirstore.changes import Stored
from fhirstore.errors import Forbidden, InvalidRequest


def create(call: Call) -> Answer:
    """Store a new resource; one whose id the user has already is updated. A call with `fid` has
    its id chosen (a transaction's entry)."""
    call.check_type()
    resource = check_resource(call.resource, rtype=call.rtype)
    if call.headers.get("if-none-exist"):
        raise InvalidRequest("conditional create (If-None-Exist) is not supported")
    if call.rtype == "Subscription":
        subscriptions.check(resource, version=call.version)
    with transaction.atomic(), told(call):
        stored = _store(call, resource)
        if not stored.created and not permits(call.access.scope, call.rtype, "update"):
            raise Forbidden(f"the token's scope does not permit update of {call.rtype}")
    return written(call, stored)


def _store(call: Call, resource: dict[str, Any]) -> Stored:
    owner, version, rtype, now = call.owner, call.version, call.rtype, call.now
    if call.fid:
        return writes.update(
            owner=owner, version=version, rtype=rtype, fid=call.fid, body=resource, now=now
        )
    return writes.create(owner=owner, version=version, rtype=rtype, body=resource, now=now)


def written(call: Call, stored: Stored) -> Answer:
    """The answer to a write: by version 200 or 201 where the resource was not there before, else
    200; in R4 and wherever the status is 201 with its `Location`."""
    if not stored.created:
        return answer(stored)
    styles = {"200": 200, "201": 201}
    status = styles.get(settings.CREATE_STATUS, 201 if call.version == "r4" else 200)
    location = f"{call.base}/{call.rtype}/{stored.fid}/_history/{stored.version_id}"
    return answer(stored, status=status, location=location)
