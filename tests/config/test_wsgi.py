from __future__ import annotations

from typing import Any

import pytest

from config.wsgi import normal_path, tolerant


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
