"""What only a real socket and the shipped server show: paths, headers, cross-origin calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.api import App, User

pytestmark = pytest.mark.xdist_group("contract")


@pytest.mark.parametrize(
    "path",
    [
        "/user-management/v1/user/",
        "//user-management//v1///user",
        "/user-management/v1/user//",
    ],
)
def test_a_post_with_stray_slashes_is_answered_without_a_redirect(app: App, path: str) -> None:
    answer = app.call(
        "POST",
        app.base + path,
        params={"app_user_id": f"slashes{len(path)}-{path.count('/')}", **app.credentials},
        allow_redirects=False,
    )
    assert answer.status_code in (200, 201)
    assert answer.json()["success"] is True


@pytest.mark.parametrize(
    "spelling", [("client_id", "client_secret"), ("client-id", "client-secret")]
)
def test_credentials_in_headers_reach_the_application(app: App, spelling: tuple[str, str]) -> None:
    headers = dict(zip(spelling, app.credentials.values(), strict=True))
    answer = app.call("GET", "/connect/system/device", headers=headers)
    assert answer.status_code == 200
    assert {4709} <= {device["id"] for device in answer.json()}


def test_both_spellings_may_agree_but_not_differ(app: App) -> None:
    same = {**app.credentials, "client-id": app.client_id, "client-secret": app.client_secret}
    assert app.call("GET", "/connect/system/device", headers=same).status_code == 200
    other = {**app.credentials, "client-id": "0" * 32}
    assert app.call("GET", "/connect/system/device", headers=other).status_code == 400


@pytest.mark.parametrize("prefix", ["/fhir/r4", "/r4", "/fhir//r4/", "/fhir/r4/"])
def test_both_fhir_bases_and_stray_slashes_are_one(
    new_user: Callable[[], User], prefix: str
) -> None:
    answer = new_user().get(f"{prefix}/Patient/", allow_redirects=False)
    assert answer.status_code == 200
    assert answer.json()["entry"] == []


def test_an_encoded_dollar_is_a_dollar(new_user: Callable[[], User]) -> None:
    person = new_user()
    for path in ("/fhir/r4/Patient/none/%24everything", "/fhir/r4/Patient/none/$everything"):
        answer = person.get(path)
        assert answer.status_code in (200, 404)
        assert answer.json()["resourceType"] in ("Bundle", "OperationOutcome")
    assert (
        person.get("/fhir/r4/Patient/none/%24everything").status_code
        == person.get("/fhir/r4/Patient/none/$everything").status_code
    )


@pytest.mark.parametrize(
    "path", ["/fhir/dstu2/Patient", "/r4/metadata", "/connect/api/connections"]
)
def test_a_browser_of_any_origin_may_ask(app: App, path: str) -> None:
    asked = {
        "Origin": "https://app.example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,client_id,client_secret,x-oneup-user-id",
    }
    answer = app.call("OPTIONS", path, headers=asked)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "client_id", "client_secret", "x-oneup-user-id"} <= set(allowed)


def test_a_browser_may_not_send_a_secret_across_origins(app: App) -> None:
    answer = app.call(
        "OPTIONS",
        "/fhir/oauth2/token",
        headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"},
    )
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_every_answer_says_its_length_and_forbids_guessing(new_user: Callable[[], User]) -> None:
    person = new_user()
    for path in ("/fhir/r4/Patient", "/healthz", "/connect/api/connections", "/nowhere"):
        headers = person.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Length" in headers
