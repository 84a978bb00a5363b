from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.parameters import ConflictingHeaders, parameters

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def request(
    query: str = "", body: bytes = b"", kind: str | None = JSON, method: str = "POST", **meta: Any
) -> HttpRequest:
    made = RequestFactory().generic(
        method, f"/x?{query}", body, content_type=kind or "text/plain", **meta
    )
    if kind is None:
        made.META.pop("CONTENT_TYPE", None)
    return made


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"a": "1", "b": "x y"}', JSON),
        (b'{"a": 1, "b": "x y"}', "text/plain"),
        (b'  {"a": 1, "b": "x y"} ', FORM),
        (b'{"a": 1, "b": "x y"}', None),
        (b"a=1&b=x+y", FORM),
        (b"a=1&b=x%20y", JSON),
        (b"a=1&b=x%20y", None),
        (b"a=1&b=x+y", "nonsense/; charset"),
    ],
)
def test_a_body_is_read_by_what_it_is(method: str, body: bytes, kind: str | None) -> None:
    assert parameters(request("", body, kind, method)) == {"a": "1", "b": "x y"}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_multipart_form_is_read_on_every_method(method: str) -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--\r\n'
    assert parameters(request("", body, "multipart/form-data; boundary=B", method)) == {"a": "1"}


@pytest.mark.parametrize("kind", [JSON, FORM, None, "text/html", "multipart/form-data"])
@pytest.mark.parametrize("body", [b"", b"{}", b"  ", b"[]", b"[1]", b'{"a":', b"[" * 100_000])
def test_a_body_without_parameters_leaves_the_query(kind: str | None, body: bytes) -> None:
    found = parameters(request("a=query", body, kind))
    assert found["a"] == "query"


def test_priority_rises_from_query_over_body_to_headers() -> None:
    found = parameters(
        request("client_id=q&a=q&b=q", b'{"client_id": "j", "a": "j"}', HTTP_CLIENT_ID="h")
    )
    assert found == {"client_id": "h", "a": "j", "b": "q"}


@pytest.mark.parametrize(
    ("json", "text"),
    [
        ("123456", "123456"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("1.50", "1.50"),
        ("true", "true"),
        ("false", "false"),
        ('"ü@x"', "ü@x"),
    ],
)
def test_json_values_become_text(json: str, text: str) -> None:
    assert parameters(request("", b'{"a": %s}' % json.encode())) == {"a": text}


@pytest.mark.parametrize("json", ["null", "[1]", "{}"])
def test_json_without_text_is_ignored(json: str) -> None:
    assert parameters(request("", b'{"a": %s}' % json.encode())) == {}


def test_a_raw_at_sign_stays_and_a_raw_plus_is_a_space() -> None:
    assert parameters(request("u=dana+x@example.org")) == {"u": "dana x@example.org"}


def test_both_spellings_of_a_header_may_agree() -> None:
    assert parameters(request(HTTP_CLIENT_ID="abc,abc")) == {"client_id": "abc"}


def test_both_spellings_with_different_values_are_refused() -> None:
    with pytest.raises(ConflictingHeaders) as refused:
        parameters(request(HTTP_CLIENT_SECRET="abc,abd"))
    assert refused.value.status == 400
    assert "abc" not in str(refused.value)
