"""`PATCH {Type}/{id}` and `PATCH {Type}?...`: JSON Patch and FHIRPath Patch."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Any

from django.db import transaction

from fhirstore import digits, subscriptions, writes
from fhirstore.api import bodies, conditional, preconditions
from fhirstore.api.call import Answer, Call
from fhirstore.api.create import store, written
from fhirstore.api.stored import told
from fhirstore.changes import lock_owner
from fhirstore.database import cursor
from fhirstore.errors import (
    Forbidden,
    InvalidRequest,
    NotFound,
    Unprocessable,
    UnsupportedMediaType,
)
from fhirstore.patches import json_patch
from fhirstore.search.find import visible

JSON_PATCH = "application/json-patch+json"
_OTHERS = ("application/fhir+json", "application/json+fhir", "application/json", "text/json")


def patch(call: Call) -> Answer:
    """A new version of the resource: what it is now, changed by the patch in the body.

    Whether a patch can be carried out tells what the resource holds, value by value: `test` asks
    for nothing else, and every path that leads nowhere says so. So it takes a scope that may read
    the resource besides the one that may change it; raises Forbidden.
    """
    call.check_type()
    change = read_patch(call)
    with transaction.atomic(), told(call):
        lock_owner(cursor(), owner=call.owner, changes=1)
        if not _sees(call):
            raise Forbidden(
                f"a patch takes a scope that may read what it changes: {call.rtype}/{call.fid} is"
                " not within those of the token"
            )
        preconditions.check(call)
        there = writes.read(owner=call.owner, version=call.version, rtype=call.rtype, fid=call.fid)
        resource = _patched(call, there.body, change)
        made = written(call, store(call, resource))
        # What the patch puts out of the token's sight is not shown.
        seen = _sees(call)
    return made if seen else replace(made, body=b"")


def _sees(call: Call) -> bool:
    return visible(rtype=call.rtype, fid=call.fid, scope=call.scope(), letters="r")


def patch_match(call: Call) -> Answer:
    """The same for the one resource that meets the condition in the query."""
    call.check_type()
    with transaction.atomic():
        row = conditional.match(call, call.query)
        if row is None:
            raise NotFound(f"no {call.rtype} meets the condition")
        return patch(replace(call, fid=row.fid))


def read_patch(call: Call) -> Any:
    """The operations of a JSON Patch, or the Parameters of a FHIRPath Patch: told apart by the
    Content-Type, and where that leaves it open by what the body is. In a Bundle the former come in
    a Binary. Raises InvalidRequest, UnsupportedMediaType."""
    change = call.resource
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == JSON_PATCH:
        if not isinstance(change, list):
            raise InvalidRequest("a JSON Patch is a list of operations")
    elif kind and kind not in _OTHERS:
        raise UnsupportedMediaType(f"a patch is {JSON_PATCH} or application/fhir+json")
    if isinstance(change, dict) and change.get("resourceType") == "Binary":
        return _unwrapped(change)
    if not isinstance(change, list | dict):
        raise InvalidRequest("a patch is a JSON Patch or a Parameters resource")
    return change


def _unwrapped(binary: dict[str, Any]) -> Any:
    if str(binary.get("contentType", "")).partition(";")[0].strip().lower() != JSON_PATCH:
        raise UnsupportedMediaType(f"the Binary of a patch has the contentType {JSON_PATCH}")
    data = binary.get("data", binary.get("content"))
    if not isinstance(data, str):
        raise InvalidRequest("the Binary of a patch has no data")
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("the data of the patch's Binary is not base64") from error
    return bodies.parse_any(content)


def _patched(call: Call, body: bytes, change: Any) -> dict[str, Any]:
    """The resource after the patch, checked like one that was sent."""
    resource = digits.loads(body)
    if isinstance(change, list):
        resource = json_patch.apply(resource, change)
    else:
        # Reading FHIRPath brings a parser along that few processes ever need.
        from fhirstore.patches import fhirpath_patch

        resource = fhirpath_patch.apply(resource, change, version=call.version)
    try:
        resource = bodies.parse(digits.dumps(resource))
    except (TypeError, RecursionError, InvalidRequest) as error:
        raise Unprocessable("the patch leaves nothing that can be stored") from error
    if (resource.get("resourceType"), resource.get("id")) != (call.rtype, call.fid):
        raise Unprocessable("a patch cannot change the type or the id")
    resource = bodies.storable(resource, version=call.version, rtype=call.rtype)
    if call.rtype == "Subscription":
        subscriptions.check(resource, version=call.version, scope=call.access.scope)
    return resource
