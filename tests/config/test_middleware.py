"""Headers on every answer, and what stays off the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

OPEN = ["/fhir/r4/Patient", "/r4/Patient", "/dstu2/metadata", "/connect/api/connections"]
CLOSED = ["/user-management/v1/user", "/fhir/oauth2/token", "/oauth2/token", "/connect/session"]


@pytest.mark.parametrize("path", ["/healthz", "/admin/login/", "/nowhere", *OPEN, *CLOSED])
def test_every_answer_forbids_guessing_and_inline_code(path: str) -> None:
    answer = Client().get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"]
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy


FRAMED = [
    "/search",
    "/search/0123456789abcdef0123456789abcdef",
    "/connect/marketplace",
    "/connect/4706",
    "/connect/system/clinical/4706",
]
NOT_FRAMED = [
    "/",
    "/admin/login/",
    "/connect/callback",
    "/connect/choose",
    "/connect/choose/4706",
    "/connect/session/secret",
    "/connect/session/secret/4706",
    "/connect/nowhere",
    "/connect/api/connections",
    "/searching",
    "/search/a/b",
]


@pytest.mark.parametrize("path", FRAMED)
def test_what_apps_show_in_frames_may_be_framed_by_whom_the_operator_names(
    path: str, settings: Any
) -> None:
    answer = Client().get(path)
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    settings.FRAME_ANCESTORS = "https://app.example.org 'self'"
    policy = Client().get(path)["Content-Security-Policy"]
    assert "frame-ancestors https://app.example.org 'self'" in policy


@pytest.mark.parametrize("path", NOT_FRAMED)
def test_nothing_else_may_be_framed(path: str) -> None:
    answer = Client().get(path, headers={"accept": "text/html"})
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_the_admin_has_no_inline_script_or_style() -> None:
    page = Client().get("/admin/login/").content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize("path", OPEN)
def test_any_origin_may_read_the_open_paths_without_cookies(path: str) -> None:
    answer = Client().get(path, headers={"Origin": "https://app.example.org"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize(
    "header",
    [
        "Authorization",
        "Content-Type",
        "x-oneup-user-id",
        "X-Client-Id",
        "client_id",
        "client_secret",
    ],
)
def test_preflight_allows_the_headers_of_the_contract(path: str, header: str) -> None:
    asked = {
        "Origin": "https://app.example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": header.lower(),
    }
    answer = Client().options(path, headers=asked)
    assert answer.status_code == 200
    assert header.lower() in answer["Access-Control-Allow-Headers"].split(", ")


@pytest.mark.parametrize("path", CLOSED)
def test_paths_that_take_a_secret_are_not_for_other_origins(path: str) -> None:
    answer = Client().get(path, headers={"Origin": "https://app.example.org"})
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize("path", ["/fhir/r4/Patient", "/user-management/v1/user", "/healthz"])
def test_the_api_sets_no_cookie(path: str) -> None:
    assert not Client(enforce_csrf_checks=True).post(path).cookies


def test_a_form_of_a_page_needs_its_csrf_token() -> None:
    assert Client(enforce_csrf_checks=True).post("/admin/login/").status_code == 403


def test_pages_and_fhir_answers_are_compressed_and_other_answers_are_not() -> None:
    client = Client(headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
    assert client.get("/accounts/login").headers["Content-Encoding"] == "gzip"
    assert client.get("/fhir/r4/metadata").headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/connect/system/clinical").headers
