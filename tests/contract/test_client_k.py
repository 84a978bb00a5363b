"""Replay K of wire contract 20: a bulk client. It exports one user's data in each version, and
reads all users of its client at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.api import App, User
from tests.contract.bundles import pages

pytestmark = pytest.mark.xdist_group("contract")

WHO = "exported"
VERSIONS = ("dstu2", "stu3", "r4")


@pytest.fixture(scope="module")
def new_code(second_app: App) -> dict[str, Any]:
    second_app.create_user(WHO)
    return _form(second_app, "/user-management/v1/user/auth-code", app_user_id=WHO)


@pytest.fixture(scope="module")
def token(second_app: App, new_code: dict[str, Any]) -> dict[str, Any]:
    return _form(
        second_app, "/oauth2/token", code=new_code["code"], grant_type="authorization_code"
    )


@pytest.fixture(scope="module")
def person(second_app: App, new_code: dict[str, Any], token: dict[str, Any]) -> User:
    return User(second_app, new_code["oneup_user_id"], token["access_token"])


@pytest.fixture(scope="module")
def exported_empty(person: User) -> dict[str, Any]:
    """The export of each version while the store holds nothing."""
    return {version: _export(person, version) for version in VERSIONS}


@pytest.fixture(scope="module")
def filled(person: User, exported_empty: dict[str, Any]) -> User:
    """The person, with a patient and two observations in each version."""
    for version in VERSIONS:
        _write(person, version, {"resourceType": "Patient", "id": "exported-1"})
        for number in (1, 2):
            observation = {
                "resourceType": "Observation",
                "id": f"exported-{number}",
                "status": "final",
                "code": {"text": "Pulse"},
                "subject": {"reference": "Patient/exported-1"},
                "valueString": "two\nlines",
            }
            _write(person, version, observation)
    return person


@pytest.fixture(scope="module")
def exported(filled: User) -> dict[str, Any]:
    return {version: _export(filled, version) for version in VERSIONS}


def test_1_tokens_of_both_grants(second_app: App, token: dict[str, Any]) -> None:
    refresh = token["refresh_token"]
    refreshed = _form(
        second_app, "/oauth2/token", refresh_token=refresh, grant_type="refresh_token"
    )
    for answer in (token, refreshed):
        assert answer["access_token"]
        assert answer["refresh_token"]


@pytest.mark.parametrize("version", VERSIONS)
def test_2_an_empty_store_is_an_empty_list(exported_empty: dict[str, Any], version: str) -> None:
    assert exported_empty[version]["output"] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_2_every_file_has_a_type_and_an_address(exported: dict[str, Any], version: str) -> None:
    output = exported[version]["output"]
    assert {file["type"] for file in output} == {"Patient", "Observation"}
    assert all(file["url"] for file in output)


@pytest.mark.parametrize("version", VERSIONS)
def test_3_a_file_holds_an_object_a_line(
    filled: User, exported: dict[str, Any], version: str
) -> None:
    found: dict[str, int] = {}
    for file in exported[version]["output"]:
        answer = filled.get(file["url"])
        assert answer.status_code == 200
        for line in answer.text.splitlines():
            assert json.loads(line)["resourceType"] == file["type"]
            found[file["type"]] = found.get(file["type"], 0) + 1
    assert found == {"Patient": 1, "Observation": 2}


def test_4_all_users_of_the_client_and_nobody_else(app: App, second_app: App, filled: User) -> None:
    neighbour, stranger = second_app.user("exported-too"), app.user("not-exported")
    _write(neighbour, "r4", {"resourceType": "Patient", "id": "neighbour-1"})
    _write(stranger, "r4", {"resourceType": "Patient", "id": "stranger-1"})
    headers = {**second_app.credentials, "x-oneup-user-id": "client"}
    assert second_app.call("GET", "/r4/Patient", headers=headers).status_code == 200
    found = pages(
        lambda url: dict(second_app.call("GET", url, headers=headers).json()), "/r4/Patient"
    )
    ids = {entry["resource"]["id"] for page in found for entry in page["entry"]}
    assert ids == {"exported-1", "neighbour-1"}


def _form(app: App, path: str, **fields: str) -> dict[str, Any]:
    return dict(app.call("POST", path, data={**app.credentials, **fields}).json())


def _export(person: User, version: str) -> dict[str, Any]:
    answer = person.get(f"/bulk-data/{version}/$export")
    assert answer.status_code == 200, answer.text[:300]
    return dict(answer.json())


def _write(person: User, version: str, body: dict[str, Any]) -> None:
    path = f"/fhir/{version}/{body['resourceType']}"
    answer = person.app.call("POST", path, json=body, headers=person.bearer)
    assert answer.status_code in (200, 201), answer.text
