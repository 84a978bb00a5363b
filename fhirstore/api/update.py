"""`PUT` and `POST {Type}/{id}` (wire contract 12.7)."""

from __future__ import annotations

from django.db import transaction

from fhirstore import subscriptions, writes
from fhirstore.api import preconditions
from fhirstore.api.bodies import check_resource
from fhirstore.api.call import Answer, Call
from fhirstore.api.create import written
from fhirstore.api.stored import current, told
from fhirstore.errors import InvalidRequest


def put(call: Call) -> Answer:
    """A new version of the resource, or its first one."""
    call.check_type()
    resource = check_resource(call.resource, rtype=call.rtype)
    if resource.get("id", call.fid) != call.fid:
        raise InvalidRequest("the id in the body is not the id in the address")
    if call.rtype == "Subscription":
        subscriptions.check(resource, version=call.version)
    with transaction.atomic(), told(call):
        preconditions.check(call)
        stored = writes.update(
            owner=call.owner,
            version=call.version,
            rtype=call.rtype,
            fid=call.fid,
            body=resource,
            now=call.now,
        )
    return written(call, stored)


def post(call: Call) -> Answer:
    """The same for a resource that is there; `POST` creates under its type's address only."""
    call.check_type()
    current(call, own=True)
    return put(call)
