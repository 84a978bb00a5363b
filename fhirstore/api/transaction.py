"""What a transaction settles before it writes, under the user's lock: which resources its
conditional entries are about, ids of new resources, and references between its entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from accounts.scopes import permits
from fhirstore import identity
from fhirstore.api import conditional, pointing, preconditions
from fhirstore.api.bodies import check_resource
from fhirstore.api.call import Answer, Call, Interaction
from fhirstore.api.create import create, existing
from fhirstore.api.delete import delete, nothing_to_delete
from fhirstore.api.entry import Entry
from fhirstore.api.patch import patch, read_patch
from fhirstore.api.read import read
from fhirstore.api.stored import find
from fhirstore.api.update import put
from fhirstore.changes import lock_owner
from fhirstore.database import cursor
from fhirstore.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    MultipleMatches,
    NotFound,
    VersionMismatch,
)
from fhirstore.held import held
from fhirstore.keys import EVERY_VERSION
from fhirstore.rtypes import NUMBERS
from fhirstore.search.find import matching
from fhirstore.search.membership import patient_references

Naming = Callable[[int], AbstractContextManager[None]]
"""Adds to an error the place of its entry."""


@dataclass
class Settlement:
    """The entries as they will be carried out. `created` holds the bodies of new resources by
    place, `ids` their ids."""

    call: Call
    entries: list[Entry]
    created: dict[int, dict[str, Any]] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    again: dict[int, int] = field(default_factory=dict)
    """Places of conditional creates that say what an earlier one says, and its place."""


def settle(call: Call, entries: Sequence[Entry], naming: Naming) -> list[Entry]:
    """The entries, each about one resource, with references between them resolved in place. Call
    inside the transaction that will carry them out; raises whatever makes it fail."""
    lock_owner(cursor(), owner=call.owner, changes=1)
    _check_names(entries, naming)
    settled = Settlement(call, [])
    seen: dict[tuple[str, str], int] = {}
    for entry in entries:
        with naming(entry.place):
            settled.entries.append(_decided(settled, _opened(entry), seen))
    bodies = [e for e in settled.entries if isinstance(e.call.resource, dict | list)]
    for entry in bodies:
        with naming(entry.place):
            resolve_references(entry.call, entry.call.resource, final=False)
    _choose_ids(settled, bodies)
    settled.entries = [_with_id(settled, entry) for entry in settled.entries]
    _check_once(settled.entries)
    return settled.entries


def resolve_references(call: Call, body: Any, *, final: bool) -> None:
    """Replace conditional references in place. What nothing meets yet may be met by what the
    transaction writes: only when `final` that is an error."""

    def found(rtype: str, query: str) -> str | None:
        if not permits(call.access.scope, rtype, "search"):
            raise Forbidden(f"the token's scope does not permit search of {rtype}")
        scope = replace(call, rtype=rtype).scope()
        rows = matching(version=call.version, rtype=rtype, query=query, scope=scope)
        if len(rows) == 1:
            return f"{rtype}/{rows[0].fid}"
        if rows and final:
            raise MultipleMatches(f"several {rtype} meet a conditional reference", call.version)
        if final:
            raise InvalidRequest(f"no {rtype} meets a conditional reference")
        return None

    known = {pair: found(*pair) for pair in sorted(pointing.conditions(body))}
    if known:
        pointing.fill(body, lambda rtype, query: known[rtype, query])


def _check_names(entries: Sequence[Entry], naming: Naming) -> None:
    """Raises InvalidRequest where two entries have one fullUrl: nobody could tell which of them a
    reference means."""
    known: set[str] = set()
    for entry in entries:
        if entry.full_url and entry.full_url in known:
            with naming(entry.place):
                raise InvalidRequest("an entry before it has the same fullUrl")
        known.add(entry.full_url)


def _opened(entry: Entry) -> Entry:
    """A patch with the operations that its Binary holds: they refer to other entries as well."""
    if entry.interaction.name != "patch":
        return entry
    return replace(entry, call=replace(entry.call, resource=read_patch(entry.call)))


def _decided(settled: Settlement, entry: Entry, seen: dict[tuple[str, str], int]) -> Entry:
    """The entry with its condition turned into the resource it is about."""
    call, name = entry.call, entry.interaction.name
    if entry.condition is None:
        if name == "create":
            settled.created[entry.place] = check_resource(call.resource, rtype=call.rtype)
        return entry
    call.check_type()
    if name == "create":
        return _created(settled, entry, seen)
    row = conditional.match(call, entry.condition)
    if name == "update":
        body = check_resource(call.resource, rtype=call.rtype)
        if row is None:
            return _first(settled, entry, body)
        if body.get("id") not in (None, row.fid):
            raise InvalidRequest("the id in the body is not that of the resource that was found")
    elif row is None:
        if name == "delete" and call.version == "r4":
            return _answering(entry, nothing_to_delete)
        raise NotFound(f"no {call.rtype} meets the condition")
    return replace(entry, call=replace(call, fid=row.fid), interaction=_named_interaction(entry))


def _named_interaction(entry: Entry) -> Interaction:
    """The interaction that does to a named resource what a conditional one does to what it
    finds."""
    perform = {"update": put, "delete": delete, "patch": patch}[entry.interaction.name]
    return replace(entry.interaction, perform=perform)


def _created(settled: Settlement, entry: Entry, seen: dict[tuple[str, str], int]) -> Entry:
    """A conditional create: what is there, what an equal entry before it makes, or a new one."""
    call, said = entry.call, entry.condition or ""
    row = conditional.match(call, said)
    if row is not None:
        found = _answering(entry, lambda c: existing(c, row))
        return replace(found, call=replace(call, fid=row.fid))
    key = (call.rtype, conditional.condition(call, said))
    if key in seen:
        settled.again[entry.place] = seen[key]
        return _answering(entry, read)
    seen[key] = entry.place
    settled.created[entry.place] = check_resource(call.resource, rtype=call.rtype)
    return replace(entry, call=_unconditional(call))


def _first(settled: Settlement, entry: Entry, body: dict[str, Any]) -> Entry:
    """A conditional update that finds nothing: a create."""
    call = entry.call
    if preconditions.demanded(call, "If-Match"):
        raise VersionMismatch(f"no {call.rtype} meets the condition, whatever its version")
    if body.get("id") is not None:
        fid = _sent_id(body["id"])
        if find(replace(call, fid=fid), call.owners()):
            raise Conflict("no resource meets the condition, but the id in the body is taken")
    settled.created[entry.place] = body
    return replace(
        entry,
        call=_unconditional(call),
        interaction=replace(entry.interaction, perform=create),
    )


def _unconditional(call: Call) -> Call:
    headers = {k: v for k, v in call.headers.items() if k != "if-none-exist"}
    return replace(call, headers=headers)


def _answering(entry: Entry, perform: Callable[[Call], Answer]) -> Entry:
    """The entry as one that changes nothing."""
    interaction = replace(entry.interaction, perform=perform, read_only=True)
    return replace(entry, interaction=interaction, call=_unconditional(entry.call))


def _choose_ids(settled: Settlement, bodies: Sequence[Entry]) -> None:
    """Ids for what is created; what points to the `fullUrl` of an entry is made "Type/id"."""
    targets = {e.full_url: e.name for e in settled.entries if e.full_url and e.call.fid}
    # Patients first: the ids of what belongs to them begin with theirs.
    for patients in (True, False):
        for entry in settled.entries:
            body = settled.created.get(entry.place)
            if body is None or (body["resourceType"] == "Patient") is not patients:
                continue
            fid = settled.ids[entry.place] = _id(settled, body)
            if entry.full_url:
                targets[entry.full_url] = f"{entry.call.rtype}/{fid}"
        for entry in settled.entries:
            first = settled.again.get(entry.place)
            if first in settled.ids and entry.full_url:
                targets[entry.full_url] = f"{entry.call.rtype}/{settled.ids[first]}"
        for entry in bodies:
            pointing.point(entry.call.resource, targets, full_url=entry.full_url)


def _id(settled: Settlement, resource: dict[str, Any]) -> str:
    if resource.get("id") is not None:
        return _sent_id(resource["id"])
    if resource["resourceType"] == "Patient":
        return identity.random_id(None)
    call = settled.call
    new = {
        fid
        for place, fid in settled.ids.items()
        if settled.created[place]["resourceType"] == "Patient"
    }
    references = [r for r in patient_references(resource, call.version) if r.startswith("Patient/")]
    names = [reference.removeprefix("Patient/") for reference in references]
    keys = [(NUMBERS["Patient"], name) for name in names if "\0" not in name]
    known = held(cursor(), owner=call.owner, wanted=keys, vers=EVERY_VERSION, whole=False)
    patient = next((n for n in names if n in new or (NUMBERS["Patient"], n) in known), None)
    return identity.random_id(patient)


def _sent_id(sent: Any) -> str:
    if not isinstance(sent, str):
        raise InvalidRequest("an id is a string")
    return identity.hashed(sent) if settings.WRITE_ID_STYLE == "hashed" else sent


def _with_id(settled: Settlement, entry: Entry) -> Entry:
    place = settled.again.get(entry.place, entry.place)
    fid = settled.ids.get(place)
    return entry if fid is None else replace(entry, call=replace(entry.call, fid=fid))


def _check_once(entries: Sequence[Entry]) -> None:
    """A transaction fails where two entries write the same resource, or one deletes what another
    took for there."""
    written = [e.name for e in entries if e.call.fid and not e.interaction.read_only]
    deleted = {e.name for e in entries if e.interaction.name == "delete" and e.call.fid}
    taken = {e.name for e in entries if e.interaction.name == "create" and e.interaction.read_only}
    if len(written) != len(set(written)) or deleted & taken:
        raise InvalidRequest("a transaction may change a resource once only")
