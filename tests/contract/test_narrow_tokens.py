"""Tokens traded for narrower SMART scopes at the token endpoint see that part of the data alone
(wire contract 7.6), over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import App, User

pytestmark = pytest.mark.xdist_group("contract")

CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
LAB = f"patient/Observation.rs?category={CATEGORIES}|laboratory"
WHO = "narrow"


@pytest.fixture(scope="module")
def whole(app: App) -> User:
    """The user, with a Patient and one Observation of each of two categories."""
    person = app.user(WHO)
    _write(person, {"resourceType": "Patient", "id": "narrow-p", "gender": "female"})
    for category in ("laboratory", "vital-signs"):
        observation = {
            "resourceType": "Observation",
            "id": f"narrow-{category}",
            "status": "final",
            "category": [{"coding": [{"system": CATEGORIES, "code": category}]}],
            "code": {"text": "x"},
            "subject": {"reference": "Patient/narrow-p"},
        }
        _write(person, observation)
    return person


@pytest.fixture(scope="module")
def narrow(app: App, whole: User) -> dict[str, Any]:
    """The answer to a code for the laboratory's Observations, asked for as a SMART app does."""
    form = {**app.credentials, "app_user_id": WHO}
    code = app.call("POST", "/user-management/v1/user/auth-code", data=form).json()["code"]
    grant = {"grant_type": "authorization_code", "code": code}
    return _token(app, **grant, scope=f"launch/patient openid offline_access {LAB}")


@pytest.fixture(scope="module")
def refreshed(app: App, narrow: dict[str, Any]) -> dict[str, Any]:
    """The answer to a refresh for reading single ones only."""
    grant = {"grant_type": "refresh_token", "refresh_token": narrow["refresh_token"]}
    return _token(app, **grant, scope=LAB.replace(".rs", ".r"))


def test_the_answer_tells_what_was_granted(
    narrow: dict[str, Any], refreshed: dict[str, Any]
) -> None:
    assert narrow["scope"] == LAB
    assert refreshed["scope"] == LAB.replace(".rs", ".r")


def test_a_search_finds_that_category_alone(whole: User, narrow: dict[str, Any]) -> None:
    lab = User(whole.app, whole.number, narrow["access_token"])
    assert _found(lab, "/r4/Observation") == {"narrow-laboratory"}
    assert lab.get("/r4/Observation?category=vital-signs").json()["total"] == 0
    assert lab.get("/r4/Observation/narrow-laboratory").status_code == 200
    assert lab.get("/r4/Observation/narrow-vital-signs").status_code == 404
    assert _found(whole, "/r4/Observation") == {"narrow-laboratory", "narrow-vital-signs"}


def test_a_patient_out_of_sight(whole: User, narrow: dict[str, Any]) -> None:
    lab = User(whole.app, whole.number, narrow["access_token"])
    assert lab.get("/r4/Patient/narrow-p").status_code == 403
    assert lab.get("/r4/Patient").status_code == 403
    assert lab.get("/r4/Patient/narrow-p/$everything").status_code == 404
    assert _found(lab, "/r4/Patient/narrow-p/Observation") == {"narrow-laboratory"}
    assert len(whole.pages("/r4/Patient/narrow-p/$everything")) == 3


def test_it_changes_nothing(whole: User, narrow: dict[str, Any]) -> None:
    lab = User(whole.app, whole.number, narrow["access_token"])
    for method, path in (
        ("PUT", "/r4/Observation/narrow-laboratory"),
        ("DELETE", "/r4/Observation/narrow-laboratory"),
        ("DELETE", "/connect/api/data?confirm=1"),
    ):
        assert whole.app.call(method, path, headers=lab.bearer, json={}).status_code == 403


def test_a_narrower_token_from_a_refresh(whole: User, refreshed: dict[str, Any]) -> None:
    reader = User(whole.app, whole.number, refreshed["access_token"])
    assert reader.get("/r4/Observation/narrow-laboratory").status_code == 200
    assert reader.get("/r4/Observation/narrow-vital-signs").status_code == 404
    assert reader.get("/r4/Observation").status_code == 403


def _token(app: App, **fields: str) -> dict[str, Any]:
    answer = app.call("POST", "/oauth2/token", data={**app.credentials, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _found(person: User, path: str) -> set[str]:
    return {entry["resource"]["id"] for entry in person.pages(path)}


def _write(person: User, body: dict[str, Any]) -> None:
    path = f"/fhir/r4/{body['resourceType']}/{body['id']}"
    answer = person.app.call("PUT", path, json=body, headers=person.bearer)
    assert answer.status_code in (200, 201), answer.text
