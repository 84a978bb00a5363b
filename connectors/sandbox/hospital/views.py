"""The hospital's FHIR server: metadata, read, search."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse

from connectors.sandbox.dance.bearer import Caller, Trouble, caller
from connectors.sandbox.hospital.conformance import conformance, smart_configuration
from connectors.sandbox.hospital.directory import hospital as by_number
from connectors.sandbox.hospital.fhir.shared import Resource
from connectors.sandbox.hospital.hospital import Hospital
from connectors.sandbox.hospital.oauth import fhir_base, no_hospital, oauth_base, withheld_types
from connectors.sandbox.hospital.paging import OFFSET, SESSION, bundle, size
from connectors.sandbox.hospital.records import record
from connectors.sandbox.hospital.search import SUPPORTED, WHOSE, BadSearch, tests
from connectors.sandbox.world import world

_ISSUES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    429: "throttled",
    500: "exception",
    503: "transient",
}
_SILENT = ("_format", "_pretty", "_count", SESSION, OFFSET)


def metadata(request: HttpRequest, system: int) -> HttpResponse:
    """The conformance statement; no token is needed."""
    house = by_number(system)
    if house is None:
        return no_hospital(system)
    base = fhir_base(request, house)
    return _answer(house, conformance(house, base=base, oauth=oauth_base(base)))


def well_known(request: HttpRequest, system: int) -> HttpResponse:
    """The SMART configuration; a DSTU2 server has none."""
    house = by_number(system)
    if house is None:
        return no_hospital(system)
    if house.renderer.version == "dstu2":
        return no_such_page(request, system)
    return JsonResponse(smart_configuration(oauth=oauth_base(fhir_base(request, house))))


def search_or_read(
    request: HttpRequest, system: int, type_: str, id_: str | None = None
) -> HttpResponse:
    """`GET Type?…` or `GET Type/id`."""
    house = by_number(system)
    if house is None:
        return no_hospital(system)
    if request.method not in ("GET", "HEAD"):
        return _outcome(house, Trouble(405, "This server reads only."))
    try:
        who = caller(request, house=house, kind=type_)
        if type_ in withheld_types(house, who.grant):
            raise Trouble(403, f"The person did not share {type_}.")
        body = _search(request, house, who, type_) if id_ is None else _read(house, who, type_, id_)
    except Trouble as trouble:
        return _outcome(house, trouble)
    except BadSearch as bad:
        return _outcome(house, Trouble(400, f"{bad.parameter}: {bad.why}"))
    if type_ == "Binary" and id_ is not None and _wants_bytes(request):
        return HttpResponse(
            base64.b64decode(body[house.renderer.binary_content]), content_type=body["contentType"]
        )
    return _answer(house, body, broken=who.malformed)


def no_such_page(request: HttpRequest, system: int, rest: str = "") -> HttpResponse:
    """Everything else below the FHIR base."""
    house = by_number(system)
    if house is None:
        return no_hospital(system)
    return _outcome(house, Trouble(404, "There is nothing at this address."))


def _search(request: HttpRequest, house: Hospital, who: Caller, type_: str) -> Resource:
    pairs = [(k, v) for k in request.GET for v in request.GET.getlist(k) if k not in _SILENT]
    names = ("_id",) if type_ == "Patient" else SUPPORTED
    if type_ != "Patient" and type_ not in house.renderer.patient_element:
        raise Trouble(404 if not type_[:1].isupper() else 400, f"{type_} cannot be searched here.")
    used = [(name, value) for name, value in pairs if name in names]
    patient = who.account.subject
    named = [v for n, v in used if n in WHOSE]
    if type_ == "Patient":
        named = [v for n, v in used if n == "_id"]
    if not named:
        raise Trouble(400, "A search has to name the patient.")
    for value in named:
        if value.rsplit("/", 1)[-1] != patient:
            raise Trouble(403, "The token is another patient's.")
    now = world().now()
    session = request.GET.get(SESSION, "")
    instant = _session(session, now)
    found = [
        resource
        for resource in record(house, patient, now=instant, state=world().state)
        if resource["resourceType"] == type_ and all(t(resource) for t in tests(type_, used))
    ]
    offset = request.GET.get(OFFSET, "0")
    return bundle(
        found,
        base=fhir_base(request, house),
        type_=type_,
        used=used,
        count=size(request.GET.get("_count")),
        offset=int(offset) if offset.isdecimal() and session else 0,
        session=session or str(int(instant.timestamp())),
        ignored=sorted({name for name, _ in pairs if name not in names}),
    )


def _session(text: str, now: datetime) -> datetime:
    if not text:
        return now
    if not text.isdecimal() or not now.timestamp() - 3600 < int(text) <= now.timestamp():
        raise BadSearch(SESSION, "the pages of this search are gone; search again")
    return datetime.fromtimestamp(int(text), UTC)


def _read(house: Hospital, who: Caller, type_: str, id_: str) -> Resource:
    told = record(house, who.account.subject, now=world().now(), state=world().state)
    for resource in told:
        if resource["resourceType"] == type_ and resource.get("id") == id_:
            return resource
    raise Trouble(404, f"There is no {type_} {id_} in this person's record.")


def _wants_bytes(request: HttpRequest) -> bool:
    accept = request.headers.get("Accept", "")
    return bool(accept) and not any(word in accept for word in ("json", "fhir", "*/*"))


def _digits(value: object) -> orjson.Fragment:
    """A decimal as it was measured, trailing zeros and all."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is not JSON")


def _answer(
    house: Hospital, body: Resource, *, status: int = 200, broken: bool = False
) -> HttpResponse:
    raw = orjson.dumps(body, default=_digits)
    return HttpResponse(
        raw[: len(raw) // 2] if broken else raw,
        status=status,
        content_type=house.renderer.media,
        headers={"Cache-Control": "no-store"},
    )


def _outcome(house: Hospital, trouble: Trouble) -> HttpResponse:
    body = {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": _ISSUES.get(trouble.status, "processing"),
                "diagnostics": trouble.why,
            }
        ],
    }
    answer = _answer(house, body, status=trouble.status)
    if trouble.status == 401:
        answer["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if trouble.retry_after is not None:
        answer["Retry-After"] = str(trouble.retry_after)
    return answer
