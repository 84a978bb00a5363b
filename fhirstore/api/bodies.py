"""Reading what a call brings along: a resource as JSON, or a form, which may be JSON too."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest

from fhirstore import digits
from fhirstore.api.repeated import repeated_key
from fhirstore.errors import InvalidRequest, InvalidValue, TooLong, UnsupportedMediaType
from fhirstore.validation import require_valid

LONGEST_BODY = 50_000_000
"""Bytes; a transaction of 5000 entries fits."""
_DEEP = re.compile("deep|depth|recursion", re.IGNORECASE)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def read_body(request: HttpRequest) -> bytes:
    """The body, whatever Content-Type it claims but XML and multipart. Raises `TooLong`,
    `UnsupportedMediaType`."""
    kind = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind.endswith("xml"):
        raise UnsupportedMediaType("XML is not taken; send JSON")
    if kind.startswith("multipart/"):
        raise UnsupportedMediaType(f"{kind} is not taken; send a plain form or JSON")
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType("Content-Encoding is not taken; send the body as it is")
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    # To Django a body without Content-Length is none; the server knows where a chunked one ends.
    ends = request.META.get("wsgi.input_terminated", False)
    source = request.META["wsgi.input"] if chunked and ends else request
    body: bytes = source.read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        raise TooLong(f"a body may have {LONGEST_BODY} bytes at most")
    return body


def form(body: bytes) -> str:
    """The form in a body, as a query string; of a JSON object each member is a parameter (wire
    contract 3.1), a list in it the same one several times. Raises `InvalidRequest`, `InvalidValue`,
    `UnsupportedMediaType`."""
    text = body.removeprefix(BOM_UTF8).strip()
    if text.startswith(b"{"):
        return _members(parse(text))
    if text.startswith(b"["):
        raise UnsupportedMediaType("a list is no form; send name=value pairs or a JSON object")
    return text.decode("utf-8", "replace")


def _members(given: dict[str, Any]) -> str:
    if "resourceType" in given:
        raise UnsupportedMediaType("a resource is no form; send name=value pairs or a JSON object")
    pairs = []
    for name, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            pairs.append((name, _text(name, one)))
    return urlencode(pairs)


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return digits.literal(value)
    raise InvalidValue(parameter=name, problem="is neither a text nor a number, nor a list of them")


def is_empty(body: bytes) -> bool:
    """Whether a body counts as none: nothing, or an object without members (wire contract 3.1)."""
    text = body.strip()
    return not text or (text[:1] == b"{" and text[-1:] == b"}" and not text[1:-1].strip())


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in a body, digits kept. Raises `InvalidRequest`."""
    resource = parse_any(body)
    if not isinstance(resource, dict):
        raise InvalidRequest("the body is not a resource: a JSON object with resourceType")
    return resource


def parse_any(body: bytes) -> Any:
    """Whatever JSON is in a body: a JSON Patch is a list. A byte order mark is passed over. Raises
    `InvalidRequest`."""
    body = body.removeprefix(BOM_UTF8)
    try:
        resource = digits.loads(body)
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError) or _DEEP.search(str(error))
        problem = "nested too deeply" if deep else "not JSON"
        raise InvalidRequest(f"the body is {problem}") from error
    if key := repeated_key(body, resource):
        raise InvalidRequest(f"{key} stands twice in one object")
    if _NUL.search(body):
        raise InvalidRequest("the body holds a NUL character")
    return resource


def storable(resource: Any, *, version: str, rtype: str) -> dict[str, Any]:
    """A resource of the type asked for whose structure is that of its version, where that is
    looked at (`ONEUP_VALIDATE_WRITES`). Raises `InvalidRequest`, `Invalid`."""
    checked = check_resource(resource, rtype=rtype)
    if settings.VALIDATE_WRITES:
        require_valid(version, checked)
    return checked


def check_resource(resource: Any, *, rtype: str) -> dict[str, Any]:
    """A resource of the type asked for. Raises `InvalidRequest`."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise InvalidRequest("the body is not a resource: resourceType is missing")
    if resource["resourceType"] != rtype:
        raise InvalidRequest(f"the body is not a {rtype}")
    if "success" in resource:
        raise InvalidRequest(f"success is no element of {rtype}")
    return resource
