from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.applications import NewClient
from accounts.models import AppUser
from tests.accounts.conftest import AUTH_CODE, USER, call, secrets_of

JSON = "application/json"


def send(place: str, method: str, path: str, given: dict[str, Any]) -> Any:
    """The same call with its parameters in another place (wire contract 3.1)."""
    client, form = Client(), "application/x-www-form-urlencoded"
    secrets = {k: v for k, v in given.items() if k.startswith("client_")}
    rest = {k: v for k, v in given.items() if k not in secrets}
    if place == "query":
        return client.generic(method, path, query_params=given)
    if place == "query, JSON type, no body":
        return client.generic(method, path, b"", JSON, query_params=given)
    if place == "query, empty object":
        return client.generic(method, path, b"{}", JSON, query_params=given)
    if place == "form":
        return client.generic(method, path, urlencode(given), form)
    if place == "form under an odd type":
        return client.generic(method, path, urlencode(given), "text/x-odd")
    if place == "json":
        return client.generic(method, path, json.dumps(given), JSON)
    if place == "json under a form type":
        return client.generic(method, path, json.dumps(given), form)
    if place == "headers and query":
        headers = {k.replace("_", "-"): v for k, v in secrets.items()}
        return client.generic(method, path, query_params=rest, headers=headers)
    assert place == "headers and json"
    headers = {k.replace("_", "-"): v for k, v in secrets.items()}
    return client.generic(method, path, json.dumps(rest), JSON, headers=headers)


PLACES = [
    "query",
    "query, JSON type, no body",
    "query, empty object",
    "form",
    "form under an odd type",
    "json",
    "json under a form type",
    "headers and query",
    "headers and json",
]


@pytest.mark.parametrize("place", PLACES)
def test_every_call_takes_its_parameters_anywhere(place: str, dana_app: NewClient) -> None:
    secrets = secrets_of(dana_app)
    made = send(place, "POST", USER, {**secrets, "app_user_id": "u1"}).json()
    user = {"oneup_user_id": made["oneup_user_id"], "app_user_id": "u1", "active": True}
    found = send(place, "GET", USER, {**secrets, "app_user_id": "u1"}).json()
    assert found == {"success": True, "entry": [user]}
    coded = send(place, "POST", AUTH_CODE, {**secrets, "app_user_id": "u1"}).json()
    assert coded == {"success": True, "code": coded["code"], **user}
    number = {**secrets, "oneup_user_id": user["oneup_user_id"]}
    put = send(place, "PUT", USER, {**number, "app_user_id": "u2", "active": "false"}).json()
    assert put == {
        "success": True,
        "oneup_user_id": user["oneup_user_id"],
        "oneUpUserId": user["oneup_user_id"],
        "app_user_id": "u2",
        "active": False,
    }


def test_creating_answers_five_keys_and_numbers_rise(dana_app: NewClient) -> None:
    numbers = []
    for name in ("u1", "u2"):
        response = call(USER, {**secrets_of(dana_app), "app_user_id": name})
        body = response.json()
        assert response.status_code == 200
        assert response["Content-Type"] == "application/json; charset=utf-8"
        assert set(body) == {"success", "code", "oneup_user_id", "app_user_id", "active"}
        assert len(body["code"]) == 32
        assert int(body["code"], 16) >= 0
        assert body["active"] is True
        numbers.append(body["oneup_user_id"])
    assert numbers[1] == numbers[0] + 1


@pytest.mark.parametrize("status", [200, 400])
def test_an_existing_user_is_told_literally(
    status: int, dana_app: NewClient, alice: AppUser, settings: Any
) -> None:
    settings.USER_EXISTS_STATUS = status
    response = call(USER, {**secrets_of(dana_app), "app_user_id": "alice"})
    assert response.status_code == status
    assert response.json() == {
        "success": False,
        "error": "this user already exists",
        "oneup_user_id": alice.pk,
        "app_user_id": "alice",
        "active": True,
    }


def test_creating_again_uses_up_no_numbers(dana_app: NewClient, alice: AppUser) -> None:
    for _ in range(5):
        call(USER, {**secrets_of(dana_app), "app_user_id": "alice"})
    made = call(USER, {**secrets_of(dana_app), "app_user_id": "next"}).json()
    assert made["oneup_user_id"] == alice.pk + 1


def test_a_number_in_json_becomes_text(dana_app: NewClient) -> None:
    body = send("json", "POST", USER, {**secrets_of(dana_app), "app_user_id": 123456}).json()
    assert body["app_user_id"] == "123456"


def test_a_user_made_inactive_gets_no_code(dana_app: NewClient) -> None:
    body = send(
        "json", "POST", USER, {**secrets_of(dana_app), "app_user_id": "u1", "active": False}
    ).json()
    assert body["success"] is True
    assert body["active"] is False
    assert "code" not in body


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "app_user_id is required"),
        ({"app_user_id": ""}, "app_user_id is required"),
        ({"app_user_id": "x" * 256}, "app_user_id is longer than 255 characters"),
        ({"app_user_id": "a\x00b"}, "app_user_id is not valid text"),
        ({"app_user_id": "\ud800"}, "app_user_id is not valid text"),
        ({"app_user_id": "u", "active": "maybe"}, "active must be true or false"),
    ],
)
def test_creating_with_bad_input(given: dict[str, str], error: str, dana_app: NewClient) -> None:
    response = send("json", "POST", USER, {**secrets_of(dana_app), **given})
    assert (response.status_code, response.json()) == (400, {"success": False, "error": error})
    assert not AppUser.objects.exists()


@pytest.mark.parametrize(
    "method_and_path", [("POST", USER), ("GET", USER), ("PUT", USER), ("POST", AUTH_CODE)]
)
@pytest.mark.parametrize("missing", ["client_id", "client_secret", "both", "wrong"])
def test_bad_credentials(
    method_and_path: tuple[str, str], missing: str, dana_app: NewClient, alice: AppUser
) -> None:
    secrets = secrets_of(dana_app)
    if missing == "wrong":
        secrets["client_secret"] = "0" * 40
    else:
        for name in ("client_id", "client_secret") if missing == "both" else (missing,):
            del secrets[name]
    method, path = method_and_path
    response = call(path, {**secrets, "app_user_id": "alice"}, method=method)
    assert response.status_code == 401
    assert response.json() == {"success": False, "error": "invalid client credentials"}


def test_contradicting_headers_are_a_bad_request(dana_app: NewClient) -> None:
    response = Client().get(
        USER, secrets_of(dana_app), headers={"client-id": f"{dana_app.client_id},other"}
    )
    assert response.status_code == 400
    assert response.json() == {"success": False, "error": "conflicting client_id headers"}


def test_nobody_found_is_an_empty_list(dana_app: NewClient, alice: AppUser) -> None:
    for filters in (
        {"app_user_id": "nobody"},
        {"oneup_user_id": "999999"},
        {"oneup_user_id": "9" * 25},
        {"app_user_id": "a\x00"},
    ):
        response = call(USER, {**secrets_of(dana_app), **filters}, method="GET")
        assert (response.status_code, response.json()) == (200, {"success": True, "entry": []})


@pytest.mark.parametrize("number", ["abc", "-1", "1.0", "\u0661", " "])
def test_a_number_that_is_none(number: str, dana_app: NewClient) -> None:
    given = {**secrets_of(dana_app), "oneup_user_id": number}
    for method, path in (("GET", USER), ("PUT", USER), ("POST", AUTH_CODE)):
        response = call(path, given, method=method)
        assert response.status_code == 400
        assert response.json() == {"success": False, "error": "oneup_user_id must be a number"}


def test_both_filters_must_agree(dana_app: NewClient, alice: AppUser, bob: AppUser) -> None:
    given = {**secrets_of(dana_app), "app_user_id": "alice"}
    mine = call(USER, {**given, "oneup_user_id": str(alice.pk)}, method="GET").json()
    others = call(USER, {**given, "oneup_user_id": str(bob.pk)}, method="GET").json()
    assert [row["oneup_user_id"] for row in mine["entry"]] == [alice.pk]
    assert others["entry"] == []


def test_another_app_sees_nothing(
    mallory_app: NewClient, alice: AppUser, mallory_user: AppUser
) -> None:
    secrets = secrets_of(mallory_app)
    listed = call(USER, secrets, method="GET").json()
    assert [row["oneup_user_id"] for row in listed["entry"]] == [mallory_user.pk]
    by_number = {**secrets, "oneup_user_id": str(alice.pk)}
    assert call(USER, by_number, method="GET").json()["entry"] == []
    unknown = {"success": False, "error": "this user does not exist"}
    assert call(AUTH_CODE, by_number).json() == unknown
    assert call(USER, {**by_number, "active": "false"}, method="PUT").json() == unknown
    alice.refresh_from_db()
    assert alice.active


def test_a_long_list_comes_in_pages_of_a_thousand(dana_app: NewClient, now: Any) -> None:
    AppUser.objects.bulk_create(
        AppUser(application=dana_app.application, app_user_id=f"u{i}", created=now)
        for i in range(1000)
    )
    secrets = secrets_of(dana_app)
    assert set(call(USER, secrets, method="GET").json()) == {"success", "entry"}
    AppUser.objects.create(application=dana_app.application, app_user_id="last", created=now)
    first = call(USER, secrets, method="GET").json()
    assert len(first["entry"]) == 1000
    assert first["total"] == 1001
    numbers = [row["oneup_user_id"] for row in first["entry"]]
    assert numbers == sorted(numbers)
    links = {link["relation"]: link["url"] for link in first["link"]}
    assert set(links) == {"self", "next"}
    assert dana_app.client_secret not in links["next"]
    query = links["next"].partition("?")[2]
    last = Client().get(f"{USER}?{query}&{urlencode(secrets)}").json()
    assert [row["app_user_id"] for row in last["entry"]] == ["last"]
    assert [link["relation"] for link in last["link"]] == ["self"]


@pytest.mark.parametrize(
    ("paging", "names"),
    [
        ({"_count": "1"}, ["alice"]),
        ({"_skip": "1"}, ["bob"]),
        ({"_count": "1", "_skip": "1"}, ["bob"]),
        ({"_count": "0"}, []),
        ({"_skip": "7"}, []),
        ({"_count": "99999"}, ["alice", "bob"]),
    ],
)
def test_paging(
    paging: dict[str, str], names: list[str], dana_app: NewClient, alice: AppUser, bob: AppUser
) -> None:
    body = call(USER, {**secrets_of(dana_app), **paging}, method="GET").json()
    assert [row["app_user_id"] for row in body["entry"]] == names
    assert body["total"] == 2


@pytest.mark.parametrize("paging", [{"_count": "x"}, {"_skip": "-1"}])
def test_paging_that_cannot_be_read(paging: dict[str, str], dana_app: NewClient) -> None:
    assert call(USER, {**secrets_of(dana_app), **paging}, method="GET").status_code == 400


def test_changing_takes_the_alias(dana_app: NewClient, alice: AppUser) -> None:
    given = {**secrets_of(dana_app), "oneup_user_id": str(alice.pk), "app_id_user": "alicia"}
    assert call(USER, given, method="PUT").json()["app_user_id"] == "alicia"
    alice.refresh_from_db()
    assert (alice.app_user_id, alice.active) == ("alicia", True)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"oneup_user_id": ""}, 400, "oneup_user_id is required"),
        ({"oneup_user_id": "999999"}, 200, "this user does not exist"),
        ({"app_user_id": "bob"}, 200, "this user already exists"),
        ({"active": ""}, 400, "active must be true or false"),
        ({"app_user_id": "x" * 256}, 400, "app_user_id is longer than 255 characters"),
    ],
)
def test_changing_what_cannot_be(
    changes: dict[str, str],
    status: int,
    error: str,
    dana_app: NewClient,
    alice: AppUser,
    bob: AppUser,
) -> None:
    given = {**secrets_of(dana_app), "oneup_user_id": str(alice.pk), **changes}
    response = call(USER, given, method="PUT")
    assert (response.status_code, response.json()) == (status, {"success": False, "error": error})
    alice.refresh_from_db()
    assert (alice.app_user_id, alice.active) == ("alice", True)


def test_a_code_by_number_or_both(dana_app: NewClient, alice: AppUser, bob: AppUser) -> None:
    secrets = secrets_of(dana_app)
    for given in (
        {"oneup_user_id": str(alice.pk)},
        {"oneup_user_id": str(alice.pk), "app_user_id": "alice"},
    ):
        assert call(AUTH_CODE, {**secrets, **given}).json()["app_user_id"] == "alice"
    both = {"oneup_user_id": str(bob.pk), "app_user_id": "alice"}
    assert call(AUTH_CODE, {**secrets, **both}).json() == {
        "success": False,
        "error": "this user does not exist",
    }


def test_a_code_for_nobody(dana_app: NewClient) -> None:
    response = call(AUTH_CODE, secrets_of(dana_app))
    assert response.status_code == 400
    assert response.json() == {
        "success": False,
        "error": "app_user_id or oneup_user_id is required",
    }
    response = call(AUTH_CODE, {**secrets_of(dana_app), "app_user_id": "nobody"})
    assert response.status_code == 200
    assert response.json() == {"success": False, "error": "this user does not exist"}


def test_an_inactive_user_gets_no_code(dana_app: NewClient, alice: AppUser) -> None:
    alice.active = False
    alice.save()
    response = call(AUTH_CODE, {**secrets_of(dana_app), "app_user_id": "alice"})
    assert response.status_code == 200
    assert response.json() == {"success": False, "error": "this user is not active"}


def test_other_methods_are_refused_in_json(dana_app: NewClient) -> None:
    response = call(USER, secrets_of(dana_app), method="DELETE")
    assert response.status_code == 405
    assert response.json()["success"] is False
    assert "POST" in response["Allow"]
