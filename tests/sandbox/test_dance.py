"""Signing in and trading codes, at both houses."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from connectors.sandbox.world import world
from tests.sandbox.visitor import CALLBACK, HOSPITAL, JASON, Visitor

PEOPLE = [(4706, "fhirjason", "epicepic1"), (4709, "demo", "demo")]
both = pytest.mark.parametrize("system, username, password", PEOPLE)


@both
def test_the_dance_ends_with_tokens(system: int, username: str, password: str) -> None:
    visitor = Visitor(system=system)
    back = visitor.decide(visitor.sign_in(username, password))
    assert back["state"] == "s-1"
    found = visitor.trade_code(back["code"])
    assert found.status_code == 200
    assert found["Cache-Control"] == "no-store"
    assert {"access_token", "refresh_token", "scope"} < set(found.json())
    assert found.json()["token_type"] == "Bearer"
    assert found.json()["expires_in"] == 3600


def test_the_hospital_names_patient_and_canonical_base() -> None:
    found = Visitor().connect("fhirjason", "epicepic1")
    assert found["patient"] == JASON
    assert found["careweave_base"] == "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2"


@both
def test_a_code_works_once_and_its_reuse_ends_the_tokens(
    system: int, username: str, password: str
) -> None:
    visitor = Visitor(system=system)
    code = visitor.decide(visitor.sign_in(username, password))["code"]
    refresh = visitor.trade_code(code).json()["refresh_token"]
    again = visitor.trade_code(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    after = visitor.trade(grant_type="refresh_token", refresh_token=refresh)
    assert (after.status_code, after.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changes, status, error",
    [
        ({"code_verifier": "another-verifier"}, 400, "invalid_grant"),
        ({"redirect_uri": CALLBACK + "/"}, 400, "invalid_grant"),
        ({"code": "made.up"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "somebody"}, 401, "invalid_client"),
    ],
)
def test_a_wrong_trade_is_refused(changes: dict[str, str], status: int, error: str) -> None:
    visitor = Visitor()
    form = {"code": visitor.decide(visitor.sign_in("fhirjason", "epicepic1"))["code"], **changes}
    answer = visitor.trade_code(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_basic_credentials_are_taken() -> None:
    visitor = Visitor()
    code = visitor.decide(visitor.sign_in("fhirjason", "epicepic1"))["code"]
    basic = base64.b64encode(b"careweave-sandbox:sandbox-secret").decode()
    answer = visitor.client.post(
        f"{HOSPITAL}/oauth/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": "a-verifier-of-more-than-forty-three-characters-long",
        },
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200


def test_a_token_of_one_house_is_nothing_at_another() -> None:
    hospital, wearable = Visitor(), Visitor(system=4709)
    hospital.connect("fhirjason", "epicepic1")
    wearable.connect("demo", "demo")
    hospital.token, wearable.token = wearable.token, hospital.token
    assert hospital.get("Patient", _id=JASON).status_code == 401
    assert wearable.get("identity").status_code == 401


@pytest.mark.parametrize("kind", ["refresh_token", "code"])
def test_only_an_access_token_opens_data(kind: str) -> None:
    visitor = Visitor()
    code = visitor.decide(visitor.sign_in("fhirjason", "epicepic1"))["code"]
    found = {**visitor.trade_code(code).json(), "code": code}
    visitor.token = found[kind]
    assert visitor.get("Patient", _id=JASON).status_code == 401


def test_the_hospital_rotates_its_refresh_token_and_google_keeps_it() -> None:
    hospital = Visitor()
    first = hospital.connect("fhirjason", "epicepic1")
    second = hospital.trade(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["patient"] == JASON
    google = Visitor(system=4709)
    first = google.connect("demo", "demo")
    second = google.trade(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert "refresh_token" not in second
    google.token = second["access_token"]
    assert google.get("identity").status_code == 200


def test_google_gives_no_refresh_token_for_online_access() -> None:
    visitor = Visitor(system=4709)
    page = visitor.sign_in("demo", "demo", access_type=None)
    html = page.content.decode()
    signed_in = html.split('name="signed_in" value="')[1].split('"')[0]
    answer = visitor.client.post(
        visitor.address(access_type=None),
        {"signed_in": signed_in, "share_activity": "on", "decision": "allow"},
    )
    code = answer["Location"].split("code=")[1].split("&")[0]
    assert "refresh_token" not in visitor.trade_code(code).json()


def test_an_access_token_ends_after_an_hour_and_a_refresh_helps() -> None:
    visitor = Visitor()
    found = visitor.connect("fhirjason", "epicepic1")
    world().state.advance(3601)
    assert visitor.get("Patient", _id=JASON).status_code == 401
    new = visitor.trade(grant_type="refresh_token", refresh_token=found["refresh_token"]).json()
    visitor.token = new["access_token"]
    assert visitor.get("Patient", _id=JASON).status_code == 200


def test_consent_for_a_day_ends_after_a_day() -> None:
    visitor = Visitor()
    page = visitor.sign_in("fhirjason", "epicepic1")
    found = visitor.trade_code(visitor.decide(page, days="1")["code"]).json()
    world().state.advance(86_401)
    answer = visitor.trade(grant_type="refresh_token", refresh_token=found["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


def test_revoking_ends_access_and_refresh() -> None:
    visitor = Visitor()
    found = visitor.connect("fhirjason", "epicepic1")
    revoked = visitor.client.post(f"{HOSPITAL}/oauth/revoke", {"token": found["refresh_token"]})
    assert revoked.status_code == 200
    assert visitor.get("Patient", _id=JASON).status_code == 401
    answer = visitor.trade(grant_type="refresh_token", refresh_token=found["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


def test_revoking_an_unknown_token_is_no_error() -> None:
    answer = Visitor().client.post(f"{HOSPITAL}/oauth/revoke", {"token": "unknown"})
    assert answer.status_code == 200


@both
def test_deny_goes_back_with_access_denied(system: int, username: str, password: str) -> None:
    visitor = Visitor(system=system)
    back = visitor.decide(visitor.sign_in(username, password), decision="deny")
    assert back == {
        "error": "access_denied",
        "error_description": "The person did not agree",
        "state": "s-1",
    }


def test_name_password_and_decision_in_one_post_share_everything() -> None:
    visitor = Visitor()
    form = {"username": "fhirjason", "password": "epicepic1", "decision": "allow"}
    answer = visitor.client.post(visitor.address(), form)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{CALLBACK}?code=")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://127.0.0.1/cb#part"},
        {"redirect_uri": None},
    ],
)
def test_a_wrong_client_or_address_is_told_on_a_page(changes: dict[str, Any]) -> None:
    visitor = Visitor()
    answer = visitor.client.get(visitor.address(**changes))
    assert answer.status_code == 400
    assert "This link cannot be used" in answer.content.decode()


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"aud": "https://elsewhere.example.org/fhir"}, "invalid_request"),
    ],
)
def test_other_errors_go_back_to_the_app(changes: dict[str, Any], error: str) -> None:
    visitor = Visitor()
    answer = visitor.client.get(visitor.address(**changes))
    assert answer.status_code == 302
    assert f"error={error}" in answer["Location"]
    assert "state=s-1" in answer["Location"]


@pytest.mark.parametrize(
    "aud",
    [
        "http://testserver/hospital/4706/fhir",
        "http://localhost:9000/hospital/4706/fhir/",
        "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2",
    ],
)
def test_the_audience_may_be_the_address_called_or_the_canonical_base(aud: str) -> None:
    visitor = Visitor()
    assert visitor.client.get(visitor.address(aud=aud)).status_code == 200


def test_a_redirect_address_keeps_its_own_query() -> None:
    visitor = Visitor()
    address = visitor.address(redirect_uri="http://127.0.0.1:8000/cb?attempt=7")
    answer = visitor.client.post(
        address, {"username": "fhirjason", "password": "epicepic1", "decision": "allow"}
    )
    assert answer["Location"].startswith("http://127.0.0.1:8000/cb?attempt=7&code=")
