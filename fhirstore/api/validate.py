"""`{Type}/$validate` and `{Type}/{id}/$validate`: what a write would be told, without writing. The
answer is 200 with an OperationOutcome, whatever it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from fhirstore import digits, outcome, subscriptions
from fhirstore.api.call import Answer, Call
from fhirstore.api.stored import current
from fhirstore.audit_events import is_ours
from fhirstore.database import cursor
from fhirstore.errors import FhirError, InvalidRequest, InvalidValue
from fhirstore.held import held
from fhirstore.keys import EVERY_VERSION, VERSION_BITS
from fhirstore.problem import Problem
from fhirstore.rtypes import NUMBERS
from fhirstore.search.request import read_pairs
from fhirstore.validation import problems, problems_of_write
from fhirstore.writes import is_id

_MODES = ("create", "update", "delete", "profile")
_BASE = "http://hl7.org/fhir/StructureDefinition/"


def validate(call: Call) -> Answer:
    """The problems of the resource in the body, alone or as the parameter `resource`; without one
    of the stored resource that the address names. `mode` says what the write would be: without one
    a create, at the address of a resource an update; `profile` looks at the structure alone. The
    answer also says what was looked at where nothing was found, and which profiles were not."""
    call.check_type()
    resource, mode, profile = _asked(call)
    if call.fid and (resource is None or mode == "delete"):
        _, stored = current(call)
        resource = digits.loads(stored.body)
        mode = mode or "profile"
    if resource is None:
        raise InvalidRequest("there is no resource to validate")
    found: list[Problem] = []
    if mode != "delete":
        found = [*_checked(call, resource, mode), *_profiles(call, resource, profile)]
    if not any(problem.severity != "information" for problem in found):
        found.insert(0, _fine(call, mode))
    return Answer(body=orjson.dumps(outcome.issues(found, version=call.version)))


_LOOKED_AT = (
    "elements, cardinality, data types, required codes, targets of references, contained resources"
    " and narrative"
)


def _fine(call: Call, mode: str) -> Problem:
    looked = f"{_LOOKED_AT} of a {call.rtype} in {call.version} were looked at"
    text = "it is there and may be deleted" if mode == "delete" else looked
    return _told(f"no problem was found: {text}", code="informational")


def _told(text: str, *, code: str) -> Problem:
    return Problem(expression="", text=text, severity="information", code=code)


def _asked(call: Call) -> tuple[Any, str, str]:
    """Resource (None for none), mode and profile, from the query and a Parameters body."""
    said = {pair.name: pair.value for pair in read_pairs(call.query)}
    resource = call.resource
    if isinstance(resource, dict) and resource.get("resourceType") == "Parameters":
        rows = resource.get("parameter", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InvalidRequest("Parameters.parameter is not a list of parameters")
        inside = {row.get("name"): row for row in rows if isinstance(row.get("name"), str)}
        if call.rtype != "Parameters" or "resource" in inside:
            resource = inside.get("resource", {}).get("resource")
            for name in ("mode", "profile"):
                for key, text in inside.get(name, {}).items():
                    if key.startswith("value") and isinstance(text, str):
                        said[name] = text
    mode = said.get("mode", "")
    if mode and mode not in _MODES:
        raise InvalidValue(parameter="mode", problem=f"is one of {', '.join(_MODES)}")
    if mode in ("update", "delete") and not call.fid:
        raise InvalidValue(
            parameter="mode", problem=f"{mode} is asked at the address of a resource"
        )
    return resource, mode, said.get("profile", "")


def _profiles(call: Call, resource: Any, asked: str) -> Iterator[Problem]:
    """What is to be told of profiles: the one asked for, else those that the resource claims."""
    meta = resource.get("meta") if isinstance(resource, dict) else None
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    named = [asked] if asked else claimed if isinstance(claimed, list) else []
    unknown = []
    for url in filter(_is_text, named):
        base, _, version = url.partition("|")
        rtype = base.removeprefix(_BASE)
        if rtype == base or rtype not in NUMBERS or version not in ("", _NUMBERS[call.version]):
            unknown += [] if rtype in _ABSTRACT else [url]
        elif rtype != call.rtype:
            text = f"a {call.rtype} does not conform to the definition of a {rtype}"
            yield Problem(expression="", text=text, code="invalid")
    if unknown:
        told = ", ".join(url[:_LONGEST] for url in unknown[:_MOST])
        text = (
            f"not looked at, because no profiles but FHIR's own types are known here: {told}; nor"
            " were invariants. What else is told holds of the type alone"
        )
        yield _told(text, code="not-supported")


_NUMBERS = {"dstu2": "1.0.2", "stu3": "3.0.2", "r4": "4.0.1"}
_ABSTRACT = ("Resource", "DomainResource")
_LONGEST, _MOST = 200, 10


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _checked(call: Call, resource: Any, mode: str) -> Iterator[Problem]:
    if not isinstance(resource, dict) or mode == "profile":
        yield from problems(call.version, resource)
    else:
        yield from problems_of_write(call.version, resource)
    if not isinstance(resource, dict):
        return
    if resource.get("resourceType") != call.rtype:
        text = f"the address is for {call.rtype}"
        yield Problem(expression="", text=text, code="invalid")
    elif mode != "profile":
        yield from _write(call, resource, mode or ("update" if call.fid else "create"))


def _write(call: Call, resource: dict[str, Any], mode: str) -> Iterator[Problem]:
    """What the store itself would say."""
    ident = call.fid if mode == "update" else resource.get("id")
    if mode == "update" and resource.get("id", call.fid) != call.fid:
        text = "the id is not the id in the address"
        yield Problem(expression=f"{call.rtype}.id", text=text, code="invalid")
    if ident is not None and not is_id(ident):
        text = "an id has 1 to 64 characters out of A-Z, a-z, 0-9, - and ."
        yield Problem(expression=f"{call.rtype}.id", text=text, code="invalid")
    elif ident is not None and _wearable(call, ident):
        text = "it holds data of a wearable and cannot be updated"
        yield Problem(expression="", text=text, code="business-rule")
    if is_ours(resource, version=call.version):
        text = "AuditEvents of these subtypes are this server's own record, which apps read only"
        yield Problem(expression="", text=text, code="business-rule")
    if call.rtype == "Subscription":
        try:
            subscriptions.check(resource, version=call.version, scope=call.access.scope)
        except FhirError as error:
            yield Problem(expression="", text=error.text, code=error.code)


def _wearable(call: Call, ident: str) -> bool:
    key, bit = (NUMBERS[call.rtype], ident), VERSION_BITS[call.version]
    rows = held(cursor(), owner=call.owner, wanted=[key], vers=bit, whole=False)
    return any(row.vers == EVERY_VERSION for row in rows.get(key, ()))
