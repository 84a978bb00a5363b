"""The one view of the FHIR API: who is calling, which interaction, its answer, every error as an
OperationOutcome.

Lean on purpose: `APIView` gives the exemption from CSRF and the place DRF's readers look for, but
its negotiation, parsers and authenticators cost more than the whole read. One access statement is
the only authenticator, and answers are bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from accounts import clock
from accounts.access import Access, access_for
from accounts.claims import Claim, claim_of
from accounts.refusals import Refused
from fhirstore.api import bodies, packing, routes
from fhirstore.api.answered import answered, broken
from fhirstore.api.call import Answer, Call, Interaction
from fhirstore.api.formats import JSON, content_type
from fhirstore.api.printable import printable
from fhirstore.errors import FhirError

NOBODY = Access(application_id=0, client_id="", app_user_id=None)
"""Who asks for metadata."""

_HEADERS = ("prefer", "if-match", "if-none-match", "if-none-exist", "if-modified-since")


class FhirView(APIView):
    """Everything under `/fhir/{ver}` and `/{ver}`."""

    schema = None

    def dispatch(
        self, request: HttpRequest, *, version: str, path: str, fhir: str = "", **_: Any
    ) -> HttpResponse:
        prefix = f"/fhir/{version}" if fhir else f"/{version}"
        kind = JSON

        def act() -> Answer:
            nonlocal kind
            accept = request.META.get("HTTP_ACCEPT", "")
            kind = content_type(version=version, accept=accept, wanted=_asked(request, "_format"))
            return _answer(request, version, prefix, path)

        try:
            answer = answered(act)
        except Refused as refused:
            body = orjson.dumps(refused.body)
            return _response(
                request, Answer(status=refused.status, body=body, headers=refused.headers), JSON
            )
        except Exception:
            answer = broken()
        return _response(request, answer, kind)


def _answer(request: HttpRequest, version: str, prefix: str, path: str) -> Answer:
    method = "GET" if request.method == "HEAD" else request.method or ""
    query = _query(request)
    interaction, named = routes.resolve(method, path, query)
    now = clock.now()
    call = Call(
        access=NOBODY,
        version=version,
        prefix=prefix,
        now=now,
        query=query,
        headers=_headers(request),
        in_bundle=False,
        **named,
    )
    claim = None
    if interaction.quick:
        claim = claim_of(
            request,
            now=now,
            interaction=interaction.name,
            resource_type=call.rtype,
            resource_id=call.fid,
        )
        if claim and (answer := _quick(interaction.quick, call, claim)):
            return answer
    if interaction.name:
        access = access_for(
            request,
            now=now,
            read_only=interaction.read_only,
            interaction="" if interaction.name == "bundle" else interaction.name,
            resource_type="*" if interaction.any_type else named.get("rtype", "*"),
            resource_id=named.get("fid", ""),
            claimed=claim is not None and claim.tried,
        )
        call = replace(call, access=access)
    return interaction.perform(_with_body(call, interaction, request))


def _quick(act: Callable[[Call, Claim], Answer | None], call: Call, claim: Claim) -> Answer | None:
    """What is refused so is refused again in the ordinary way, to whom it may be told."""
    try:
        return act(call, claim)
    except FhirError:
        return None


def _with_body(call: Call, interaction: Interaction, request: HttpRequest) -> Call:
    if not interaction.takes:
        return call
    body = bodies.read_body(request)
    changed: dict[str, Any]
    if interaction.takes == "form" or (
        interaction.takes == "parameters"
        and (bodies.is_empty(body) or not body.lstrip().startswith(b"{"))
    ):
        changed = {"form": printable(bodies.form(body))}
    elif interaction.takes == "patch":
        changed = {"resource": bodies.parse_any(body)}
    else:
        changed = {"resource": bodies.parse(body)}
    return Call(**{**vars(call), **changed})


def _query(request: HttpRequest) -> str:
    raw = request.META.get("QUERY_STRING", "")
    return printable(raw.encode("latin-1", "replace").decode("utf-8", "replace"))


def _headers(request: HttpRequest) -> dict[str, str]:
    found = {name: request.META.get(f"HTTP_{name.upper().replace('-', '_')}") for name in _HEADERS}
    found["content-type"] = request.META.get("CONTENT_TYPE")
    return {name: value for name, value in found.items() if value is not None}


def _asked(request: HttpRequest, name: str) -> str:
    """A parameter of the query, which is read only where it may be there."""
    raw = request.META.get("QUERY_STRING", "")
    return request.GET.get(name, "") if name in raw or "%5" in raw else ""


def _response(request: HttpRequest, answer: Answer, kind: str) -> HttpResponse:
    body, headers = answer.body, {"Cache-Control": "no-store", **answer.headers}
    if _asked(request, "_pretty") == "true":
        body = packing.indented(body)
    if len(body) >= packing.SMALLEST and request.method != "HEAD":
        headers["Vary"] = "Accept-Encoding"
        if packing.takes_gzip(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            body, headers["Content-Encoding"] = packing.compressed(body), "gzip"
    response = HttpResponse(body, status=answer.status, content_type=kind, headers=headers)
    if request.method == "HEAD":
        response["Content-Length"] = str(len(body))
        response.content = b""
    return response
