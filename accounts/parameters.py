"""A call's parameters, wherever they were put: query, form, JSON or headers (wire contract 3.1)."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from accounts.refusals import Refused, failure

HEADERS = {"client_id": "HTTP_CLIENT_ID", "client_secret": "HTTP_CLIENT_SECRET"}


class ConflictingHeaders(Refused):
    """Both spellings of a client header came, with different values (wire contract 3.2)."""

    def __init__(self, name: str) -> None:
        super().__init__(400, failure(f"conflicting {name} headers"))


def parameters(request: HttpRequest) -> dict[str, str]:
    """All parameters by name, merged with rising priority: query, form or JSON body, headers
    `client_id` and `client_secret`.

    The body is read on every method and whatever its Content-Type says; one that cannot be read, an
    empty one and `{}` count as none. JSON numbers keep their digits, booleans become `true` and
    `false`; null, arrays and objects are ignored. Raises `ConflictingHeaders`.
    """
    return {**_flat(request.GET), **_body(request), **client_headers(request)}


def client_headers(request: HttpRequest) -> dict[str, str]:
    """`client_id` and `client_secret` as far as they came as headers. Raises
    `ConflictingHeaders`.
    """
    found = {}
    for name, variable in HEADERS.items():
        # The web server joins a header's two spellings with a comma; our ids and secrets hold none.
        values = {part.strip() for part in request.META.get(variable, "").split(",")} - {""}
        if len(values) > 1:
            raise ConflictingHeaders(name)
        if values:
            found[name] = values.pop()
    return found


def _flat(pairs: QueryDict) -> dict[str, str]:
    return {name: str(value) for name, value in pairs.items()}


def _body(request: HttpRequest) -> dict[str, str]:
    body = request.body.strip()
    if not body:
        return {}
    if body[:1] in b"{[":  # no form starts so, whatever the Content-Type claims
        return _json(body)
    if request.content_type == "multipart/form-data":
        return _multipart(request)
    return _flat(QueryDict(body, encoding="utf-8"))


def _json(body: bytes) -> dict[str, str]:
    try:
        read = json.loads(body, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {name: text for name, value in read.items() if (text := _text(value)) is not None}


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def _multipart(request: HttpRequest) -> dict[str, str]:
    try:
        parser = MultiPartParser(request.META, BytesIO(request.body), request.upload_handlers)
        return _flat(parser.parse()[0])
    except MultiPartParserError:
        return {}
