"""The one view of the FHIR API: who is calling, which interaction, its answer, every error as an
OperationOutcome.

Lean on purpose: `APIView` gives the exemption from CSRF and the place DRF's readers look for, but
its negotiation, parsers and authenticators cost more than the whole read. One access statement is
the only authenticator, and answers are bytes.
"""

from __future__ import annotations

import logging
from typing import Any

import orjson
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from accounts import clock
from accounts.access import Access, access_for
from accounts.refusals import Refused
from fhirstore import outcome
from fhirstore.api import bodies, routes
from fhirstore.api.call import Answer, Call, Interaction
from fhirstore.api.formats import JSON, content_type
from fhirstore.errors import FhirError, MethodNotAllowed

logger = logging.getLogger(__name__)

NOBODY = Access(application_id=0, client_id="", app_user_id=None)
"""Who asks for metadata."""

_HEADERS = ("prefer", "if-match", "if-none-match", "if-none-exist")


class FhirView(APIView):
    """Everything under `/fhir/{ver}` and `/{ver}`."""

    schema = None

    def dispatch(
        self, request: HttpRequest, *, version: str, path: str, fhir: str = "", **_: Any
    ) -> HttpResponse:
        prefix = f"/fhir/{version}" if fhir else f"/{version}"
        kind = JSON
        try:
            accept = request.META.get("HTTP_ACCEPT", "")
            wanted = request.GET.get("_format", "")
            kind = content_type(version=version, accept=accept, wanted=wanted)
            answer = _answer(request, version, prefix, path)
        except Refused as refused:
            body = orjson.dumps(refused.body)
            return _response(
                request, Answer(status=refused.status, body=body, headers=refused.headers), JSON
            )
        except FhirError as error:
            answer = failure(error)
        except DataError:
            # A text or number that passed every check and that the database cannot hold.
            answer = failure(FhirError("a value in the request cannot be processed"))
        except OperationalError:
            logger.exception("the database did not answer a FHIR call")
            answer = _failed(503, "transient", "the server is not available for the moment")
        except Exception:
            logger.exception("a FHIR call failed")
            answer = _failed(500, "exception", "the server failed; nothing was changed")
        return _response(request, answer, kind)


def _answer(request: HttpRequest, version: str, prefix: str, path: str) -> Answer:
    method = "GET" if request.method == "HEAD" else request.method or ""
    interaction, named = routes.resolve(method, path)
    now = clock.now()
    access = NOBODY
    if interaction.name:
        access = access_for(
            request,
            now=now,
            read_only=interaction.read_only,
            interaction="" if interaction.name == "bundle" else interaction.name,
            resource_type="*" if interaction.any_type else named.get("rtype", "*"),
            resource_id=named.get("fid", ""),
        )
    call = Call(
        access=access,
        version=version,
        prefix=prefix,
        now=now,
        query=_query(request),
        headers=_headers(request),
        **named,
    )
    return interaction.perform(_with_body(call, interaction, request))


def _with_body(call: Call, interaction: Interaction, request: HttpRequest) -> Call:
    if not interaction.takes:
        return call
    body = bodies.read_body(request)
    changed: dict[str, Any] = (
        {"form": _printable(bodies.form(body))}
        if interaction.takes == "form"
        else {"resource": bodies.parse(body)}
    )
    return Call(**{**vars(call), **changed})


def _query(request: HttpRequest) -> str:
    raw = request.META.get("QUERY_STRING", "")
    return _printable(raw.encode("latin-1", "replace").decode("utf-8", "replace"))


def _printable(query: str) -> str:
    """A query with what may not stand in a URL percent-encoded, so that links can repeat it."""
    if query.isascii() and query.isprintable() and not set(query) & set(' "<>\\^`{}'):
        return query
    return "".join(c if "!" <= c <= "~" and c not in '"<>\\^`{}' else _encoded(c) for c in query)


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


def _headers(request: HttpRequest) -> dict[str, str]:
    found = {name: request.META.get(f"HTTP_{name.upper().replace('-', '_')}") for name in _HEADERS}
    return {name: value for name, value in found.items() if value}


def failure(error: FhirError) -> Answer:
    """The answer to a FHIR error."""
    answer = _failed(error.status, error.code, error.text)
    if isinstance(error, MethodNotAllowed):
        return Answer(
            status=answer.status, body=answer.body, headers={"Allow": ", ".join(error.allowed)}
        )
    return answer


def _failed(status: int, code: str, text: str) -> Answer:
    return Answer(status=status, body=orjson.dumps(outcome.failure(code=code, text=text)))


def _response(request: HttpRequest, answer: Answer, kind: str) -> HttpResponse:
    response = HttpResponse(
        answer.body, status=answer.status, content_type=kind, headers=dict(answer.headers)
    )
    if request.method == "HEAD":
        response["Content-Length"] = str(len(answer.body))
        response.content = b""
    return response
