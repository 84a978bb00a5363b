"""`GET`, `POST` and `DELETE Patient/{id}/$everything` (wire contract 12.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson
from django.db import transaction

from accounts.scopes import WHOLE
from fhirstore import outcome
from fhirstore.api import presented
from fhirstore.api.call import Answer, Call
from fhirstore.api.operation import operation_pairs
from fhirstore.api.stored import current
from fhirstore.changes import Changes, lock_owner
from fhirstore.database import cursor
from fhirstore.errors import InvalidValue, NotFound, UnknownParameter
from fhirstore.held import held
from fhirstore.keys import VERSION_BITS
from fhirstore.permissions import widened
from fhirstore.search import controls
from fhirstore.search.bundle import bundle
from fhirstore.search.compartment import Compartment, place_of, position
from fhirstore.search.condition import Scope
from fhirstore.search.moments import Moments, instant, moments
from fhirstore.search.paging import links
from fhirstore.search.request import PAGING, UNREPEATED, Pair, chosen_types, number, page_size


def everything(call: Call) -> Answer:
    """A page of the Patient and its compartment, all types mixed, the Patient first. `_type`: of
    these types; `_since`: changed since; `start`, `end`: with a date between them, or without one.
    """
    _check_patient(call)
    pairs = operation_pairs(call)
    ignored = [p for p in pairs if p.name not in _KNOWN]
    if call.prefers("strict") and (unknown := {p.name for p in ignored}):
        raise UnknownParameter(f"unknown parameter of $everything: {', '.join(sorted(unknown))}")
    shape = controls.read(version=call.version, pairs=[p for p in pairs if p.name in _SHAPE])
    owners = call.owners()
    if not owners.merged:
        owners = widened(owners, version=call.version, patient=call.fid)
    compartment = _compartment(replace(call.scope(), owners=owners), call.fid, pairs)
    total = compartment.total()
    count = 0 if shape.summary == "count" else page_size(pairs)
    skip = number(pairs, "_skip", "_offset")
    afterid = "" if skip is not None else _text(pairs, "_afterid")
    after = None if skip is not None else place_of(_text(pairs, "_after"))
    found = []
    if count:
        found = compartment.page(limit=count + 1, offset=skip or 0, afterid=afterid, after=after)
    shown = found[:count]
    following = ""
    if len(found) > count:
        # By number, as the contract has it; behind the last one for who began so.
        exact = after or afterid
        following = f"_after={position(shown[-1])}" if exact else f"_skip={(skip or 0) + count}"
    page_links = links(
        version=call.version,
        url=f"{call.base}/Patient/{call.fid}/$everything",
        pairs=pairs,
        ignored=ignored,
        following=following,
    )
    entries = presented.entries(call, shown, controls=shape)
    return Answer(body=bundle(kind="searchset", total=total, entries=entries, links=page_links))


def delete_everything(call: Call) -> Answer:
    """Delete the Patient and its compartment."""
    _check_patient(call, own=True)
    with transaction.atomic():
        writing = cursor()
        lock_owner(writing, owner=call.owner, changes=1)
        wanted = _compartment(replace(call.scope(), sight=WHOLE), call.fid, []).names()
        seq, _ = lock_owner(writing, owner=call.owner, changes=2 * len(wanted))
        changes = Changes(owner=call.owner, seq=seq, now=call.now)
        bit = VERSION_BITS[call.version]
        standing = held(writing, owner=call.owner, wanted=wanted, vers=bit, whole=True)
        for rows in standing.values():
            changes.delete(rows[0])
        changes.flush(writing)
    text = f"Patient/{call.fid} and what belongs to it, {len(standing)} resources, has been deleted"
    return Answer(body=orjson.dumps(outcome.done(text)))


_SHAPE = ("_elements", "_summary")
_NARROWING = ("_type", "_since", "start", "end")
_KNOWN = (*_NARROWING, *_SHAPE, "_count", *PAGING, *UNREPEATED, "_format", "_pretty")


def _check_patient(call: Call, *, own: bool = False) -> None:
    if call.rtype != "Patient":
        raise NotFound(f"$everything is an operation on Patient, not on {call.rtype}")
    current(call, own=own)


def _compartment(scope: Scope, patient: str, pairs: Sequence[Pair]) -> Compartment:
    since, start, end = (_date(pairs, name) for name in ("_since", "start", "end"))
    return Compartment(
        scope=scope,
        patient=patient,
        rtypes=chosen_types(pairs),
        since=instant(since[0]) if since else None,
        start=start[0] if start else None,
        end=end[1] if end else None,
    )


def _text(pairs: Sequence[Pair], name: str) -> str:
    return next((pair.value for pair in pairs if pair.name == name), "")


def _date(pairs: Sequence[Pair], name: str) -> Moments | None:
    text = _text(pairs, name).replace(" ", "+")
    span = moments(text) if text else None
    if text and span is None:
        raise InvalidValue(parameter=name, problem="cannot be read as a date")
    return span
