"""`POST {Type}` (wire contract 12.7), also under `If-None-Exist`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.scopes import permits
from fhirstore import granted, subscriptions, writes
from fhirstore.api import conditional
from fhirstore.api.bodies import storable
from fhirstore.api.call import Answer, Call
from fhirstore.api.preferred import returned
from fhirstore.api.stored import answer, told
from fhirstore.changes import FIRST_VERSION, Stored
from fhirstore.errors import Forbidden
from fhirstore.search.rows import Row


def create(call: Call) -> Answer:
    """Store a new resource; one whose id the user has already is updated. A call with `fid` has
    its id chosen (a transaction's entry). Under `If-None-Exist` one that is there is answered
    instead, and nothing is stored."""
    call.check_type()
    resource = storable(call.resource, version=call.version, rtype=call.rtype)
    if call.rtype == "Subscription":
        subscriptions.check(resource, version=call.version, scope=call.access.scope)
    condition = call.headers.get("if-none-exist")
    with transaction.atomic(), told(call):
        if condition is not None and (row := conditional.match(call, condition)):
            return existing(call, row)
        stored = store(call, resource)
        if not stored.created and not permits(call.access.scope, call.rtype, "update"):
            raise Forbidden(f"the token's scope does not permit update of {call.rtype}")
    return written(call, stored)


def store(call: Call, resource: dict[str, Any]) -> Stored:
    """Store a resource under the id that the call names, or else that of the body or a new one."""
    owner, version, rtype, now = call.owner, call.version, call.rtype, call.now
    if call.fid:
        stored = writes.update(
            owner=owner, version=version, rtype=rtype, fid=call.fid, body=resource, now=now
        )
    else:
        stored = writes.create(owner=owner, version=version, rtype=rtype, body=resource, now=now)
    if rtype == "Subscription":
        granted.keep(owner=owner, version=version, stored=stored, scope=call.access.scope)
    return stored


def existing(call: Call, row: Row) -> Answer:
    """The answer to a conditional create that found a resource: that one, with its `Location`."""
    version_id = FIRST_VERSION + row.version
    stored = Stored(fid=row.fid, version_id=version_id, updated=row.updated, body=row.body)
    made = answer(stored, location=location(call, stored))
    return returned(call, made, text=f"{call.rtype}/{stored.fid} is there already")


def written(call: Call, stored: Stored) -> Answer:
    """The answer to a write: by version 200 or 201 where the resource was not there before (201 as
    an entry of a Bundle), else 200; in R4 and wherever the status is 201 with its `Location`."""
    named = f"{call.rtype}/{stored.fid}"
    if not stored.created:
        return returned(call, answer(stored), text=f"{named} has been updated")
    styles = {"200": 200, "201": 201}
    status = styles.get(settings.CREATE_STATUS, 201 if call.version == "r4" else 200)
    if call.in_bundle:
        status = 201
    made = answer(stored, status=status, location=location(call, stored))
    return returned(call, made, text=f"{named} has been created")


def location(call: Call, stored: Stored) -> str:
    """The address of a version."""
    return f"{call.base}/{call.rtype}/{stored.fid}/_history/{stored.version_id}"
