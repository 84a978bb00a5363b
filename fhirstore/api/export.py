"""`GET /bulk-data/{ver}/$export` and its files (wire contract 15.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
from fhirstore import export
from fhirstore.api.answered import answered, broken
from fhirstore.api.call import Answer, Call
from fhirstore.api.formats import JSON
from fhirstore.errors import InvalidValue, MethodNotAllowed, NotFound
from fhirstore.models import Export
from fhirstore.rtypes import BY_LOWER_CASE
from fhirstore.search.condition import Scope
from fhirstore.search.moments import moments
from fhirstore.search.request import UNREPEATED, Pair, read_pairs
from fhirstore.search.statement import moment

NDJSON = "application/fhir+ndjson; charset=utf-8"
_ASYNC = re.compile(r"(^|[,;\s])respond-async($|[,;\s])")

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
    """Plan the export and answer its manifest at once, or under `Prefer: respond-async` where to
    ask for it."""
    now = clock.now()
    pairs = read_pairs(request.META.get("QUERY_STRING", ""))
    rtypes = _types(pairs)
    access = _access(request, now, rtypes[0] if rtypes and len(rtypes) == 1 else "*")
    since = _since(pairs)
    scope = _scope(access, version, now)
    token = export.start(
        wanted=export.Wanted(
            owners=scope.owners, version=version, rtypes=rtypes, since=since, scope=scope
        ),
        application=access.application_id,
        app_user=access.app_user_id,
        request=_asked(version, pairs),
        now=now,
    )
    if _ASYNC.search(request.META.get("HTTP_PREFER", "").lower()):
        where = f"{_base(version)}/status/{token}"
        return Answer(status=202, headers={"Content-Location": where})
    return _manifest(_find(token, version, access, now), token)


@_bulk_call("GET", "HEAD", "DELETE")
def status(request: HttpRequest, version: str, token: str) -> Answer:
    """The manifest of an export that was asked for with `respond-async`; DELETE forgets it."""
    now = clock.now()
    access = _access(request, now, "*")
    found = _find(token, version, access, now)
    if request.method == "DELETE":
        found.delete()
        return Answer(status=202)
    return _manifest(found, token)


@_bulk_call("GET", "HEAD")
def download(request: HttpRequest, version: str, rtype: str, token: str) -> Iterator[bytes]:
    """One file, for the credentials that asked for the export."""
    now = clock.now()
    access = _access(request, now, rtype)
    whole, number = export.split_token(token)
    found = _find(whole, version, access, now)
    if not 0 < number <= len(found.files) or found.files[number - 1][0] != rtype:
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


def _manifest(found: Export, token: str) -> Answer:
    base = _base(found.version)
    manifest = {
        "transactionTime": served_instant(found.made - export.SETTLED),
        "request": found.request,
        "requiresAccessToken": True,
        "output": [
            {"type": file.rtype, "url": f"{base}/{file.rtype}/{file.token}.ndjson"}
            for file in export.files(found, token)
        ],
    }
    expires = http_date(found.expires.timestamp())
    return Answer(body=orjson.dumps(manifest), headers={"Expires": expires})


def _base(version: str) -> str:
    return f"{settings.HOSTS['bulk']}/bulk-data/{version}/$export"


def _asked(version: str, pairs: list[Pair]) -> str:
    query = "&".join(pair.raw for pair in pairs if pair.name not in UNREPEATED)
    return f"{_base(version)}?{query}" if query else _base(version)


def _types(pairs: list[Pair]) -> list[str] | None:
    names = [
        name.strip()
        for pair in pairs
        if pair.name == "_type"
        for name in pair.value.split(",")
        if name.strip()
    ]
    if any(name.lower() not in BY_LOWER_CASE for name in names):
        raise InvalidValue(parameter="_type", problem="unknown resource type")
    return list(dict.fromkeys(BY_LOWER_CASE[name.lower()] for name in names)) or None


def _since(pairs: list[Pair]) -> datetime | None:
    text = next((pair.value for pair in pairs if pair.name == "_since" and pair.value), "")
    span = moments(text.replace(" ", "+")) if text else None
    if text and span is None:
        raise InvalidValue(parameter="_since", problem="cannot be read as a date")
    return moment(span[0]) if span else None
