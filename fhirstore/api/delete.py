"""`DELETE {Type}/{id}`, `DELETE {Type}?...` and `DELETE {Type}/{id}/_history/{vid}` (wire contract
12.7)."""

from __future__ import annotations

from dataclasses import replace

import orjson
from django.db import transaction

from fhirstore import outcome, writes
from fhirstore.api import conditional, preconditions
from fhirstore.api.call import Answer, Call
from fhirstore.api.read import no_version, version_number
from fhirstore.api.stored import told
from fhirstore.errors import NotFound


def delete(call: Call) -> Answer:
    """Delete the resource; its versions stay readable. What was deleted before is done already, as
    FHIR has it (hl7.org/fhir/R4/http.html#delete)."""
    call.check_type()
    with transaction.atomic(), told(call):
        preconditions.check(call)
        try:
            stored = writes.delete(
                owner=call.owner, version=call.version, rtype=call.rtype, fid=call.fid, now=call.now
            )
        except writes.Deleted:
            text = f"{call.rtype}/{call.fid} was deleted before; nothing has changed"
            return Answer(body=orjson.dumps(outcome.done(text)))
    return _done(call.fid, stored.version_id)


def delete_match(call: Call) -> Answer:
    """Delete the one resource that meets the condition in the query. Where none does, R4 calls that
    done, and the versions before it an error."""
    call.check_type()
    with transaction.atomic():
        row = conditional.match(call, call.query)
        if row is not None:
            return delete(replace(call, fid=row.fid))
    if call.version != "r4":
        raise NotFound(f"no {call.rtype} meets the condition")
    return nothing_to_delete(call)


def nothing_to_delete(call: Call) -> Answer:
    """The answer of R4 to a conditional delete that found nothing."""
    text = f"no {call.rtype} meets the condition; nothing has been deleted"
    return Answer(body=orjson.dumps(outcome.done(text)))


def delete_version(call: Call) -> Answer:
    """Remove one version for good."""
    call.check_type()
    with told(call):
        try:
            writes.delete_version(
                owner=call.owner,
                version=call.version,
                rtype=call.rtype,
                fid=call.fid,
                version_id=version_number(call),
                now=call.now,
            )
        except writes.NotThere as error:
            raise no_version(call, call.owner) from error
    return _done(call.fid, int(call.vid))


def _done(fid: str, version_id: int) -> Answer:
    text = f"this resource with id {fid} and version {version_id} has been deleted"
    return Answer(body=orjson.dumps(outcome.done(text)))
