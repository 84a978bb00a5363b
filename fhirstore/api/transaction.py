"""What a transaction settles before it writes: ids of new resources, and references between its
entries by `fullUrl` (`urn:uuid:`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from fhirstore import identity
from fhirstore.api.call import Call
from fhirstore.database import cursor
from fhirstore.errors import InvalidRequest
from fhirstore.held import held
from fhirstore.keys import EVERY_VERSION
from fhirstore.rtypes import NUMBERS
from fhirstore.search.extract import patient_references

_POINTING = ("reference", "url", "uri", "valueUri", "valueUrl", "valueCanonical")


def chosen_ids(
    call: Call,
    *,
    created: Mapping[int, dict[str, Any]],
    others: Mapping[int, tuple[str, Any]],
    full_urls: Mapping[int, str],
) -> dict[int, str]:
    """The ids of the entries in `created`, by place. References to the `fullUrl` of an entry, in
    these resources and in the `others` ("Type/id" and resource), are made `Type/id` in place.
    """
    ids: dict[int, str] = {}
    targets = {full_urls[place]: name for place, (name, _) in others.items() if place in full_urls}
    bodies = [*created.values(), *(resource for _, resource in others.values())]
    # Patients first: the ids of what belongs to them begin with theirs.
    for patients in (True, False):
        chosen = {
            place: _id(call, resource, ids, created)
            for place, resource in created.items()
            if (resource["resourceType"] == "Patient") is patients
        }
        ids |= chosen
        targets |= {
            full_urls[place]: f"{created[place]['resourceType']}/{fid}"
            for place, fid in chosen.items()
            if place in full_urls
        }
        for body in bodies:
            _point(body, targets)
    return ids


def _id(
    call: Call,
    resource: dict[str, Any],
    ids: Mapping[int, str],
    created: Mapping[int, dict[str, Any]],
) -> str:
    sent = resource.get("id")
    if sent is not None:
        if not isinstance(sent, str):
            raise InvalidRequest("an id is a string")
        return identity.hashed(sent) if settings.WRITE_ID_STYLE == "hashed" else sent
    if resource["resourceType"] == "Patient":
        return identity.random_id(None)
    new = {fid for place, fid in ids.items() if created[place]["resourceType"] == "Patient"}
    references = [r for r in patient_references(resource, call.version) if r.startswith("Patient/")]
    names = [reference.removeprefix("Patient/") for reference in references]
    keys = [(NUMBERS["Patient"], name) for name in names if "\0" not in name]
    known = held(cursor(), owner=call.owner, wanted=keys, vers=EVERY_VERSION, whole=False)
    patient = next((n for n in names if n in new or (NUMBERS["Patient"], n) in known), None)
    return identity.random_id(patient)


def _point(node: Any, targets: Mapping[str, str]) -> None:
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack.extend(here)
        elif isinstance(here, dict):
            for name, value in here.items():
                if name in _POINTING and isinstance(value, str):
                    here[name] = targets.get(value, value)
                else:
                    stack.append(value)
