"""Replay H of wire contract 20: two small apps that show the narrative. H1 sends its parameters in
the query, H2 in a form to a server with short `fullUrl`s."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import App, User
from tests.contract.bundles import pages
from tests.contract.journey import AT_EPIC

H1, H2 = pytest.mark.xdist_group("contract"), pytest.mark.xdist_group("legacy")


class Client:
    """One of the two: where its parameters ride, and its user at the hospital."""

    def __init__(self, place: str, person: User) -> None:
        self.place, self.app, self.person = place, person.app, person

    def post(self, path: str, **fields: str) -> dict[str, Any]:
        answer = self.app.call("POST", path, **{self.place: {**self.app.credentials, **fields}})
        return dict(answer.json())


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("params", "at_epic"), marks=H1, id="h1"),
        pytest.param(("data", "legacy_at_epic"), marks=H2, id="h2"),
    ],
)
def client(request: pytest.FixtureRequest) -> Client:
    place, person = request.param
    return Client(place, request.getfixturevalue(person))


@pytest.fixture(scope="module")
def new_code(client: Client) -> dict[str, Any]:
    return client.post("/user-management/v1/user/auth-code", app_user_id=AT_EPIC)


@pytest.fixture(scope="module")
def token(client: Client, new_code: dict[str, Any]) -> dict[str, Any]:
    return client.post("/fhir/oauth2/token", code=new_code["code"], grant_type="authorization_code")


@pytest.fixture(scope="module")
def person(client: Client, new_code: dict[str, Any], token: dict[str, Any]) -> User:
    return User(client.app, new_code["oneup_user_id"], token["access_token"])


def test_1_a_code_and_a_token(new_code: dict[str, Any], token: dict[str, Any]) -> None:
    assert new_code["success"] is True
    assert new_code["code"]
    assert new_code["app_user_id"] == AT_EPIC
    assert token["access_token"]


def test_1_failures_say_what_failed(client: Client, token: dict[str, Any]) -> None:
    unknown = client.post("/user-management/v1/user/auth-code", app_user_id="nobody-of-h")
    assert unknown["error"]
    bad = client.post("/fhir/oauth2/token", code="0" * 32, grant_type="authorization_code")
    assert bad["error"]


@H1
def test_2_a_patient_has_a_name_to_show(at_epic: User) -> None:
    first = at_epic.get("/fhir/dstu2/Patient").json()["entry"][0]["resource"]
    assert first["id"]
    assert first["name"][0]["text"]


@H2
def test_3_full_urls_are_short(legacy_app: App, legacy_at_epic: User) -> None:
    first = legacy_at_epic.get("/fhir/dstu2/Patient").json()["entry"][0]
    assert first["fullUrl"].startswith(f"{legacy_app.base}/dstu2/Patient/")


def test_4_every_resource_can_be_shown(person: User) -> None:
    patient = person.get("/fhir/dstu2/Patient").json()["entry"][0]["resource"]["id"]
    read = f"/fhir/dstu2/Patient/{patient}/$everything"
    for page in pages(lambda url: dict(person.get(url).json()), read):
        assert page["entry"]
        for entry in page["entry"]:
            assert entry["resource"]["text"]["div"], entry["fullUrl"]
