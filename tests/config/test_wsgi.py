from __future__ import annotations

import io
from typing import Any

import pytest

from config.wsgi import application, normal_path, tolerant


@pytest.mark.parametrize(
    "sent, seen",
    [
        ("/fhir/r4/Patient", "/fhir/r4/Patient"),
        ("/fhir/r4/Patient/", "/fhir/r4/Patient"),
        ("//fhir///r4//Patient//", "/fhir/r4/Patient"),
        ("/", "/"),
        ("//", "/"),
        ("", ""),
        ("/fhir/r4/Patient/1/$everything", "/fhir/r4/Patient/1/$everything"),
        ("/admin/", "/admin/"),
        ("/admin//accounts/", "/admin/accounts/"),
        ("/static/a.css", "/static/a.css"),
        ("/search/", "/search"),
    ],
)
def test_a_path_is_tidied_without_a_redirect(sent: str, seen: str) -> None:
    assert normal_path(sent) == seen


@pytest.mark.parametrize(
    "joined, seen",
    [("a", "a"), ("a,a", "a"), ("a, a", "a"), ("a,b", "a,b"), ("", "")],
)
def test_the_same_credential_twice_counts_as_one(joined: str, seen: str) -> None:
    environs: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environs.append(environ)
        return []

    environ = {"PATH_INFO": "/x/", "QUERY_STRING": "next=//a/", "HTTP_CLIENT_ID": joined}
    list(tolerant(application, https=False)(environ, lambda *args: None))
    assert environs[0]["HTTP_CLIENT_ID"] == seen
    assert environs[0]["QUERY_STRING"] == "next=//a/"


@pytest.mark.parametrize("https, scheme", [(True, "https"), (False, "http")])
def test_the_scheme_is_what_the_operator_said(https: bool, scheme: str) -> None:
    environ = {"PATH_INFO": "/x", "wsgi.url_scheme": "http"}
    list(tolerant(lambda environ, start: [], https=https)(environ, lambda *args: None))
    assert environ["wsgi.url_scheme"] == scheme


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path, policy",
    [("/fhir/r4/metadata", False), ("/r4/metadata", False), ("/fhir-search", True), ("/", True)],
)
def test_the_fhir_api_is_answered_without_what_pages_need(path: str, policy: bool) -> None:
    told: dict[str, str] = {}
    environ = {
        "PATH_INFO": path,
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    answer = application(environ, lambda _status, headers, *_: told.update(headers))
    assert b"".join(answer)
    assert ("Content-Security-Policy" in told) is policy
    assert told["X-Content-Type-Options"] == "nosniff"
    assert ("Referrer-Policy" in told) is policy
