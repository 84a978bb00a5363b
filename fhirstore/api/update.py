"""`PUT` and `POST {Type}/{id}` (wire contract 12.7), and `PUT {Type}?...`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction

from fhirstore import subscriptions
from fhirstore.api import conditional, preconditions
from fhirstore.api.bodies import storable
from fhirstore.api.call import Answer, Call
from fhirstore.api.create import store, written
from fhirstore.api.stored import current, told
from fhirstore.changes import Stored
from fhirstore.errors import Conflict, InvalidRequest, VersionMismatch


def put(call: Call) -> Answer:
    """A new version of the resource, or its first one."""
    resource = _checked(call)
    if resource.get("id", call.fid) != call.fid:
        raise InvalidRequest("the id in the body is not the id in the address")
    with transaction.atomic(), told(call):
        return written(call, _update(call, resource))


def put_match(call: Call) -> Answer:
    """The same for the one resource that meets the condition in the query. Where none does it is
    created, with the id in the body if there is one; that must be free then, and of one that is
    found the id in the body must be its."""
    resource = _checked(call)
    sent = resource.get("id")
    with transaction.atomic(), told(call):
        row = conditional.match(call, call.query)
        if row is None:
            return written(call, _first(call, resource))
        if sent not in (None, row.fid):
            raise InvalidRequest("the id in the body is not that of the resource that was found")
        return written(call, _update(replace(call, fid=row.fid), resource))


def post(call: Call) -> Answer:
    """The same for a resource that is there; `POST` creates under its type's address only."""
    call.check_type()
    current(call, own=True)
    return put(call)


def _checked(call: Call) -> dict[str, Any]:
    call.check_type()
    resource = storable(call.resource, version=call.version, rtype=call.rtype)
    if call.rtype == "Subscription":
        subscriptions.check(resource, version=call.version, scope=call.access.scope)
    return resource


def _update(call: Call, resource: dict[str, Any]) -> Stored:
    preconditions.check(call)
    return store(call, resource)


def _first(call: Call, resource: dict[str, Any]) -> Stored:
    if preconditions.demanded(call, "If-Match"):
        raise VersionMismatch(f"no {call.rtype} meets the condition, whatever its version")
    stored = store(call, resource)
    if not stored.created:
        raise Conflict("no resource meets the condition, but the id in the body is taken")
    return stored
