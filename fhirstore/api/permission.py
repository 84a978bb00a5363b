"""`PUT` and `DELETE Patient/{id}/_permission/{user}`: another user's sight of a patient (wire
contract 12.9)."""

from __future__ import annotations

import orjson

from accounts.scopes import permits
from fhirstore import permissions
from fhirstore.api.call import Answer, Call
from fhirstore.api.stored import current
from fhirstore.errors import Forbidden, NotFound

_DONE = orjson.dumps({"success": True})


def give(call: Call) -> Answer:
    """Let a user of the same app see the caller's patient."""
    _check_patient(call)
    # Who is let see the patient sees all that belongs to it: so must whoever lets them.
    if not (call.sight.everything and permits(call.access.scope, "*", "update")):
        raise Forbidden("only a token for all of the user's data lets others see a patient")
    current(call, own=True)
    seer = _seer(call)
    if seer != call.owner:
        permissions.give(owner=call.owner, version=call.version, patient=call.fid, seer=seer)
    return Answer(body=_DONE)


def take(call: Call) -> Answer:
    """End that sight, also of a patient that is not there any more."""
    _check_patient(call)
    seer = _seer(call)
    permissions.take(owner=call.owner, version=call.version, patient=call.fid, seer=seer)
    return Answer(body=_DONE)


def _check_patient(call: Call) -> None:
    if call.rtype != "Patient":
        raise NotFound(f"_permission is about a Patient, not a {call.rtype}")


def _seer(call: Call) -> int:
    known = call.seer.isascii() and call.seer.isdecimal() and len(call.seer) <= 18
    if not known or not permissions.is_user_of(call.access.application_id, int(call.seer)):
        raise NotFound("there is no such user")
    return int(call.seer)
