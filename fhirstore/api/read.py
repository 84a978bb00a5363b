"""`GET {Type}/{id}` and `GET {Type}/{id}/_history/{vid}` (wire contract 12.7)."""

from __future__ import annotations

from fhirstore import writes
from fhirstore.api.call import Answer, Call
from fhirstore.api.preconditions import unchanged
from fhirstore.api.presented import in_part
from fhirstore.api.stored import (
    answer,
    current,
    find,
    owner_of,
    told,
    visible_versions,
)
from fhirstore.changes import Stored
from fhirstore.errors import NotFound
from fhirstore.search.owners import Owners


def read(call: Call) -> Answer:
    """The resource; 304 where the caller has that version (`fhirstore.api.preconditions`)."""
    call.check_type()
    _, stored = current(call)
    return _told(call, stored)


def vread(call: Call) -> Answer:
    """One version of the resource, also when it was deleted since; 304 like `read`."""
    call.check_type()
    owner = owner_of(call)
    number = version_number(call)
    with told(call):
        try:
            stored = writes.vread(
                owner=owner,
                version=call.version,
                rtype=call.rtype,
                fid=call.fid,
                version_id=number,
            )
        except writes.NotThere as error:
            raise no_version(call, owner) from error
    if not visible_versions(call, owner)(stored.version_id, stored.body):
        raise no_version(call, owner)
    return _told(call, stored)


def _told(call: Call, stored: Stored) -> Answer:
    whole = answer(stored)
    if unchanged(call, stored):
        return Answer(status=304, headers=whole.headers)
    return in_part(call, whole)


def no_version(call: Call, owner: int) -> NotFound:
    """What to say of a version that is not there, or must not be seen: the resource, which may be
    seen where the owner has it, may be there all the same."""
    known = find(call, Owners(numbers=(owner,))) is not None
    missing = "has no such version" if known else "is not known"
    return NotFound(f"{call.rtype}/{call.fid} {missing}")


def version_number(call: Call) -> int:
    """The version id of a call's path as a number. Raises NotFound where it cannot be one."""
    if not (call.vid.isascii() and call.vid.isdecimal() and len(call.vid) <= 18):
        raise NotFound(f"{call.rtype}/{call.fid} has no such version")
    return int(call.vid)
