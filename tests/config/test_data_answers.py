"""What every answer of the FHIR API carries, through the handler that serves it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest

from config.wsgi import application

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Told:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(path: str = "/fhir/r4/metadata", method: str = "GET", **headers: str) -> Told:
    told: list[tuple[str, dict[str, str]]] = []
    environ = {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    body = b"".join(application(environ, lambda status, sent: told.append((status, _lower(sent)))))
    status, sent = told[0]
    return Told(int(status.split()[0]), sent, body)


def _lower(sent: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in sent}


@pytest.mark.parametrize("path", ["/fhir/r4/metadata", "/fhir/r4/Patient", "/r4/no/such/thing"])
def test_an_answer_tells_its_length_and_that_nothing_may_be_guessed_kept_or_framed(
    path: str,
) -> None:
    told = ask(path)
    assert told.headers["content-length"] == str(len(told.body))
    assert told.headers["x-content-type-options"] == "nosniff"
    assert told.headers["x-frame-options"] == "DENY"
    assert told.headers["cache-control"] == "no-store"
    assert "origin" in told.headers["vary"]


def test_a_page_of_another_origin_may_read_it() -> None:
    told = ask("/fhir/r4/Patient", origin="https://app.example.org")
    assert told.headers["access-control-allow-origin"] == "*"
    assert "ETag" in told.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in ask("/fhir/r4/Patient").headers


def test_a_page_of_another_origin_may_ask_first() -> None:
    told = ask(
        "/fhir/r4/Patient",
        method="OPTIONS",
        origin="https://app.example.org",
        access_control_request_method="PUT",
        access_control_request_headers="authorization,if-match",
    )
    assert told.status == 200
    assert "PUT" in told.headers["access-control-allow-methods"]
    assert "if-match" in told.headers["access-control-allow-headers"]


def test_another_host_is_refused_however_often_ours_was_asked_for() -> None:
    for _ in range(2):
        assert ask().status == 200
        assert ask(host="elsewhere.example.org").status == 400


def test_what_is_no_address_of_the_api_is_not_found() -> None:
    assert ask("/r4x").status == 404
    assert ask("/fhir/r4/no/such/thing").headers["content-type"].startswith("application/json")
