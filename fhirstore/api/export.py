"""`GET /bulk-data/{ver}/$export` and its files (wire contract 15.1); `$export` and
`Patient/$export` under a FHIR base begin the same export, `Group/{id}/$export` one of its Patients
and their compartments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import wraps
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date

from accounts import clock
from accounts.access import Access, access_for
from accounts.answers import NO_STORE
from accounts.clock import served_instant
from accounts.refusals import Refused
from fhirstore import digits, export
from fhirstore.api.answered import answered, broken
from fhirstore.api.call import Answer, Call
from fhirstore.api.formats import JSON
from fhirstore.api.operation import operation_pairs
from fhirstore.api.stored import current
from fhirstore.errors import InvalidValue, MethodNotAllowed, NotFound, UnknownParameter
from fhirstore.groups import patients
from fhirstore.models import Export
from fhirstore.search.condition import Scope
from fhirstore.search.moments import instant, moments
from fhirstore.search.request import UNREPEATED, Pair, chosen_types, read_pairs

NDJSON = "application/fhir+ndjson; charset=utf-8"
_ASYNC = re.compile(r"(^|[,;\s])respond-async($|[,;\s])")

_FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
_NARROWING = (
    *("_typeFilter", "_elements", "patient", "organizeOutputBy", "_until"),
    *("includeAssociatedData", "allowPartialManifests"),
)
_KNOWN = ("_type", "_since", "_outputFormat", "_format", "_pretty", *UNREPEATED)
A_PIECE = 2.0
"""Seconds for which one question after the status goes on planning."""

View = Callable[..., Answer | Iterator[bytes]]


def _bulk_call(*methods: str) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """A view that answers, or streams the lines of a file; errors as the FHIR API tells them."""

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def call(request: HttpRequest, **named: Any) -> HttpResponseBase:
            lines: list[Iterator[bytes]] = []

            def act() -> Answer:
                if request.method not in methods:
                    raise MethodNotAllowed("this is not for this address", allowed=methods)
                made = view(request, **named)
                if isinstance(made, Answer):
                    return made
                lines.append(made)
                return Answer()

            try:
                answer = answered(act)
            except Refused as refused:
                body = orjson.dumps(refused.body)
                answer = Answer(status=refused.status, body=body, headers=refused.headers)
            except Exception:
                answer = broken()
            if lines and request.method == "GET":
                return StreamingHttpResponse(lines[0], content_type=NDJSON, headers=NO_STORE)
            return HttpResponse(
                answer.body,
                status=answer.status,
                content_type=NDJSON if lines else JSON,
                headers={**NO_STORE, **answer.headers},
            )

        return call

    return decorate


@_bulk_call("GET", "HEAD")
def start(request: HttpRequest, version: str) -> Answer:
    """Begin an export for the credentials of a request."""
    now = clock.now()
    pairs = read_pairs(request.META.get("QUERY_STRING", ""))
    rtypes = _types(pairs)
    access = _access(request, now, rtypes[0] if rtypes and len(rtypes) == 1 else "*")
    headers = {"prefer": request.META.get("HTTP_PREFER", "")}
    call = Call(access=access, version=version, prefix="", now=now, headers=headers)
    return _begun(call, pairs, _base(version))


@_bulk_call("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
def nowhere(request: HttpRequest) -> Answer:
    """What else is asked for among the exports."""
    raise NotFound("there is nothing at this address")


def kick_off(call: Call) -> Answer:
    """Begin an export under a FHIR base: of the whole system or of `Patient`, which here is the
    same."""
    below = "Patient/$export" if call.rtype else "$export"
    return _begun(call, operation_pairs(call), f"{call.base}/{below}")


def kick_off_group(call: Call) -> Answer:
    """Begin an export of what belongs to the Patients of a Group."""
    call.check_type()
    _, stored = current(call)
    members = patients(
        digits.loads(stored.body), version=call.version, base=settings.HOSTS["api"], now=call.now
    )
    url = f"{call.base}/Group/{call.fid}/$export"
    return _begun(call, operation_pairs(call), url, members)


def _begun(call: Call, pairs: list[Pair], url: str, members: Sequence[str] | None = None) -> Answer:
    """The manifest at once, or under `Prefer: respond-async` where to ask for it."""
    _check(call, pairs)
    later = _ASYNC.search(call.headers.get("prefer", "").lower()) is not None
    token = export.start(
        wanted=export.Wanted(
            scope=_scope(call.access, call.version, call.now),
            rtypes=_types(pairs),
            since=_since(pairs),
            patients=members,
        ),
        application=call.access.application_id,
        app_user=call.access.app_user_id,
        request=_asked(url, pairs),
        now=call.now,
        plan=not later,
    )
    if later:
        where = f"{_base(call.version)}/status/{token}"
        return Answer(status=202, headers={"Content-Location": where})
    return _manifest(_find(token, call.version, call.access, call.now), token)


def _check(call: Call, pairs: list[Pair]) -> None:
    """Raises InvalidValue for a format that is not made, and for parameters that would change what
    is exported: ignoring one exports something else than was asked for. UnknownParameter for any
    other, when strict."""
    for pair in pairs:
        if pair.name == "_outputFormat" and pair.value.replace(" ", "+") not in _FORMATS:
            raise InvalidValue(parameter=pair.name, problem=f"is one of {', '.join(_FORMATS)}")
        if pair.name in _NARROWING and not call.prefers("lenient"):
            raise InvalidValue(parameter=pair.name, problem="is not supported")
        if pair.name not in (*_KNOWN, *_NARROWING) and call.prefers("strict"):
            raise UnknownParameter(f"unknown parameter of $export: {pair.name}")


@_bulk_call("GET", "HEAD", "DELETE")
def status(request: HttpRequest, version: str, token: str) -> Answer:
    """The manifest of an export that was asked for with `respond-async`, or how far it is; DELETE
    cancels and forgets it."""
    now = clock.now()
    access = _access(request, now, "*")
    found = _find(token, version, access, now)
    if request.method == "DELETE":
        found.delete()
        return Answer(status=202)
    if export.unplanned(found):
        try:
            export.go_on(found, _scope(access, version, now), seconds=A_PIECE)
        except Export.DoesNotExist as error:
            raise NotFound("the export was cancelled") from error
    if left := export.unplanned(found):
        told = {"X-Progress": f"{len(left)} resource types to go", "Retry-After": "1"}
        return Answer(status=202, headers=told)
    return _manifest(found, token, later=True)


@_bulk_call("GET", "HEAD")
def download(request: HttpRequest, version: str, rtype: str, token: str) -> Iterator[bytes]:
    """One file, for the credentials that asked for the export."""
    now = clock.now()
    # Deletions are told of those types only of which the token sees everything.
    access = _access(request, now, "*" if rtype == export.DELETED_FOLDER else rtype)
    whole, number = export.split_token(token)
    found = _find(whole, version, access, now)
    known = not export.unplanned(found) and 0 < number <= len(found.files)
    if not known or export.files(found, whole)[number - 1].folder != rtype:
        raise NotFound("there is no such file")
    return export.lines(found, number, _scope(access, version, now))


def _access(request: HttpRequest, now: datetime, rtype: str) -> Access:
    return access_for(
        request,
        now=now,
        read_only=True,
        allow_query_token=False,
        interaction="export",
        resource_type=rtype,
    )


def _find(token: str, version: str, access: Access, now: datetime) -> Export:
    found = export.find(
        token,
        version=version,
        application=access.application_id,
        app_user=access.app_user_id,
        now=now,
    )
    if found is None:
        raise NotFound("there is no such export, or its day is over")
    return found


def _scope(access: Access, version: str, now: datetime) -> Scope:
    return Call(access=access, version=version, prefix="", now=now, rtype="Patient").scope()


def _manifest(found: Export, token: str, *, later: bool = False) -> Answer:
    """`later`: as the standard wants it, which has more to tell than the contract."""
    base, files = _base(found.version), export.files(found, token)

    def told(*, deleted: bool) -> list[dict[str, str]]:
        return [
            {"type": file.rtype, "url": f"{base}/{file.folder}/{file.token}.ndjson"}
            for file in files
            if file.deleted is deleted
        ]

    manifest = {
        "transactionTime": served_instant(found.made - export.SETTLED),
        "request": found.request,
        "requiresAccessToken": True,
        "output": told(deleted=False),
    }
    if later and found.since is not None:
        manifest["deleted"] = told(deleted=True)
    if later:
        manifest["error"] = []
    expires = http_date(found.expires.timestamp())
    return Answer(body=orjson.dumps(manifest), headers={"Expires": expires})


def _base(version: str) -> str:
    return f"{settings.HOSTS['bulk']}/bulk-data/{version}/$export"


def _asked(url: str, pairs: list[Pair]) -> str:
    query = "&".join(pair.raw for pair in pairs if pair.name not in UNREPEATED)
    return f"{url}?{query}" if query else url


def _types(pairs: list[Pair]) -> list[str] | None:
    return list(dict.fromkeys(chosen_types(pairs) or ())) or None


def _since(pairs: list[Pair]) -> datetime | None:
    text = next((pair.value for pair in pairs if pair.name == "_since" and pair.value), "")
    span = moments(text.replace(" ", "+")) if text else None
    if text and span is None:
        raise InvalidValue(parameter="_since", problem="cannot be read as a date")
    return instant(span[0]) if span else None
