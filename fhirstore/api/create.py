"""`POST {Type}` (wire contract 12.7)."""

from __future__ import annotations

from django.conf import settings

from fhirstore import writes
from fhirstore.api.bodies import check_resource
from fhirstore.api.call import Answer, Call
from fhirstore.api.stored import answer, told
from fhirstore.changes import Stored
from fhirstore.errors import InvalidRequest


def create(call: Call) -> Answer:
    """Store a new resource; one whose id the user has already is updated. A call with `fid` has
    its id chosen (a transaction's entry)."""
    call.check_type()
    resource = check_resource(call.resource, rtype=call.rtype)
    if call.headers.get("if-none-exist"):
        raise InvalidRequest("conditional create (If-None-Exist) is not supported")
    with told(call):
        if call.fid:
            stored = writes.update(
                owner=call.owner,
                version=call.version,
                rtype=call.rtype,
                fid=call.fid,
                body=resource,
                now=call.now,
            )
        else:
            stored = writes.create(
                owner=call.owner,
                version=call.version,
                rtype=call.rtype,
                body=resource,
                now=call.now,
            )
    return written(call, stored)


def written(call: Call, stored: Stored) -> Answer:
    """The answer to a write: by version 200 or 201 where the resource was not there before, else
    200; in R4 and wherever the status is 201 with its `Location`."""
    if not stored.created:
        return answer(stored)
    styles = {"200": 200, "201": 201}
    status = styles.get(settings.CREATE_STATUS, 201 if call.version == "r4" else 200)
    location = f"{call.base}/{call.rtype}/{stored.fid}/_history/{stored.version_id}"
    return answer(stored, status=status, location=location)
