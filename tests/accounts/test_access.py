from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.access import Access, AccessRefused, access_for, access_for_token, user_access
from accounts.app_users import BadUserInput, UnknownUser
from accounts.applications import NewClient, rotate_secret
from accounts.models import AppUser
from tests.cast import token_pair

INVALID = "The access token provided is invalid."
EXPIRED = "The access token provided has expired."
NOT_FOUND = "The access token was not found."


def request(
    *,
    bearer: str = "",
    app: NewClient | None = None,
    user: str | None = None,
    query: str = "",
    method: str = "GET",
    **headers: str,
) -> HttpRequest:
    sent: dict[str, str] = {}
    if bearer:
        sent["Authorization"] = f"Bearer {bearer}"
    if app:
        sent |= {"client-id": app.client_id, "client-secret": app.client_secret}
    if user is not None:
        sent["x-oneup-user-id"] = user
    params = {"access_token": query} if query else None
    return RequestFactory().generic(
        method, "/fhir/r4/Patient", query_params=params, headers={**sent, **headers}
    )


def refusal(made: HttpRequest, now: datetime, **how: Any) -> tuple[int, Mapping[str, Any], Any]:
    with pytest.raises(AccessRefused) as refused:
        access_for(made, now=now, **{"read_only": True, **how})
    error = refused.value
    return error.status, error.body, error.headers.get("WWW-Authenticate")


def invalid_token(description: str) -> tuple[int, Mapping[str, Any], Any]:
    return 401, {"error": "invalid_token", "error_description": description}, "Bearer"


UNAUTHORIZED = (401, {"message": "Unauthorized"}, None)
FORBIDDEN = (403, {"message": "Forbidden"}, None)


def test_a_bearer_token_names_its_user(
    dana_app: NewClient, alice: AppUser, alice_token: str, now: datetime
) -> None:
    assert access_for(request(bearer=alice_token), now=now, read_only=False) == Access(
        application_id=dana_app.application.pk,
        client_id=dana_app.client_id,
        app_user_id=alice.pk,
        via="bearer",
    )


def test_the_scheme_is_read_without_letter_case(alice_token: str, now: datetime) -> None:
    made = request(Authorization=f"bEARER  {alice_token} ")
    assert access_for(made, now=now, read_only=True).via == "bearer"


def test_a_query_token_works_unless_it_may_not(
    alice: AppUser, alice_token: str, now: datetime
) -> None:
    made = request(query=alice_token)
    access = access_for(made, now=now, read_only=True)
    assert (access.app_user_id, access.via) == (alice.pk, "query")
    assert refusal(made, now, allow_query_token=False) == invalid_token(INVALID)


@pytest.mark.parametrize(
    "token", ["", "nonsense", "0" * 39, "0" * 41, "G" * 40, "\x00", "0" * 40 + "\n", "a" * 9000]
)
def test_no_token_or_one_that_none_can_be(token: str, now: datetime) -> None:
    made = request()
    made.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    expected = NOT_FOUND if token.strip() == "0" * 40 else INVALID
    assert refusal(made, now) == invalid_token(expected)


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "Token abc"])
def test_another_scheme_is_no_token(header: str, now: datetime) -> None:
    assert refusal(request(Authorization=header), now) == invalid_token(INVALID)


@pytest.mark.parametrize("token", ["0" * 40, "f" * 32])
def test_an_unknown_token(token: str, now: datetime) -> None:
    assert refusal(request(bearer=token), now) == invalid_token(NOT_FOUND)


def test_a_token_lives_two_hours(alice_token: str, now: datetime) -> None:
    made = request(bearer=alice_token)
    late = access_for(made, now=now + timedelta(seconds=7199), read_only=True)
    assert late.via == "bearer"
    assert refusal(made, now + timedelta(seconds=7200)) == invalid_token(EXPIRED)


def test_an_inactive_users_token_runs_out_by_itself(
    alice: AppUser, alice_token: str, now: datetime
) -> None:
    AppUser.objects.filter(pk=alice.pk).update(active=False)
    assert access_for(request(bearer=alice_token), now=now, read_only=True).app_user_id == alice.pk


def test_the_order_is_bearer_then_client_then_query(
    dana_app: NewClient,
    alice: AppUser,
    bob: AppUser,
    alice_token: str,
    mallory_token: str,
    now: datetime,
) -> None:
    every = request(bearer=alice_token, app=dana_app, user=str(bob.pk), query=mallory_token)
    assert access_for(every, now=now, read_only=True).app_user_id == alice.pk
    two = request(app=dana_app, user=str(bob.pk), query=mallory_token)
    assert access_for(two, now=now, read_only=True).app_user_id == bob.pk


def test_the_first_credential_decides_even_when_it_is_bad(
    dana_app: NewClient, alice: AppUser, alice_token: str, now: datetime
) -> None:
    bad_bearer = request(bearer="x", app=dana_app, user=str(alice.pk), query=alice_token)
    assert refusal(bad_bearer, now) == invalid_token(INVALID)
    bad_client = request(query=alice_token, client_id="x", client_secret="y")
    bad_client.META |= {"HTTP_CLIENT_ID": "x", "HTTP_CLIENT_SECRET": "y"}
    assert refusal(bad_client, now) == UNAUTHORIZED


def test_a_client_id_alone_does_not_hide_a_query_token(
    dana_app: NewClient, alice: AppUser, alice_token: str, now: datetime
) -> None:
    made = request(query=alice_token)
    made.META["HTTP_CLIENT_ID"] = dana_app.client_id
    assert access_for(made, now=now, read_only=True).app_user_id == alice.pk


@pytest.mark.parametrize("read_only", [True, False])
def test_client_headers_act_as_the_named_user(
    read_only: bool, dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    method = "GET" if read_only else "POST"
    made = request(app=dana_app, user=str(alice.pk), method=method)
    access = access_for(made, now=now, read_only=read_only)
    assert access == Access(
        application_id=dana_app.application.pk,
        client_id=dana_app.client_id,
        app_user_id=alice.pk,
        via="client",
    )


def test_client_headers_reach_all_users_of_the_client_for_reading(
    dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    access = access_for(request(app=dana_app, user="client"), now=now, read_only=True)
    assert (access.all_users, access.app_user_id) == (True, None)
    for read_only, method in ((False, "POST"), (True, "POST"), (False, "GET"), (False, "DELETE")):
        made = request(app=dana_app, user="client", method=method)
        assert refusal(made, now, read_only=read_only) == FORBIDDEN


@pytest.mark.parametrize(
    "wanted", [None, "", "999999", "abc", "Client", "-1", "9" * 30, "1;2", "\u0661"]
)
def test_a_user_that_is_not_the_clients(
    wanted: str | None, dana_app: NewClient, now: datetime
) -> None:
    assert refusal(request(app=dana_app, user=wanted), now) == FORBIDDEN


def test_another_clients_user_is_like_an_unknown_one(
    mallory_app: NewClient, alice: AppUser, now: datetime
) -> None:
    assert refusal(request(app=mallory_app, user=str(alice.pk)), now) == FORBIDDEN


@pytest.mark.parametrize("wrong", ["client_id", "client_secret", "no_id", "no_secret", "strange"])
def test_a_bad_client(wrong: str, dana_app: NewClient, alice: AppUser, now: datetime) -> None:
    made = request(app=dana_app, user=str(alice.pk))
    if wrong == "strange":
        made.META["HTTP_CLIENT_ID"] = "\x00\ud800"
    elif wrong.startswith("no_"):
        del made.META["HTTP_CLIENT_" + wrong.removeprefix("no_").upper()]
    else:
        made.META["HTTP_" + wrong.upper()] = "0" * 32
    assert refusal(made, now) == UNAUTHORIZED


def test_contradicting_client_headers(dana_app: NewClient, now: datetime) -> None:
    made = request(app=dana_app)
    made.META["HTTP_CLIENT_ID"] += ",other"
    assert refusal(made, now) == (400, {"message": "Bad Request"}, None)


def test_a_rotated_secret_opens_data_during_its_grace(
    dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    rotate_secret(application=dana_app.application, grace=timedelta(hours=1), now=now)
    made = request(app=dana_app, user=str(alice.pk))
    assert access_for(made, now=now, read_only=True).app_user_id == alice.pk
    assert refusal(made, now + timedelta(hours=1)) == UNAUTHORIZED


@pytest.mark.parametrize(
    ("scope", "resource_type", "interaction", "allowed"),
    [
        ("user/*.*", "*", "everything", True),
        ("user/*.read", "Observation", "search", True),
        ("user/*.read", "*", "everything", True),
        ("user/*.read", "Observation", "create", False),
        ("patient/Observation.rs", "Observation", "read", True),
        ("patient/Observation.rs", "Condition", "read", False),
        ("patient/Observation.rs", "*", "everything", True),
        ("patient/Observation.rs?category=laboratory", "Observation", "search", True),
        ("patient/Observation.cruds?category=laboratory", "Observation", "create", False),
        ("openid", "Patient", "read", False),
    ],
)
def test_a_narrower_scope_is_enforced(
    scope: str,
    resource_type: str,
    interaction: str,
    allowed: bool,
    dana_app: NewClient,
    alice: AppUser,
    now: datetime,
) -> None:
    made = request(bearer=token_pair(dana_app, alice, now, scope).access_token)
    how: dict[str, Any] = {"interaction": interaction, "resource_type": resource_type}
    if allowed:
        assert access_for(made, now=now, read_only=True, **how).scope == scope
    else:
        assert refusal(made, now, **how) == FORBIDDEN


@pytest.mark.parametrize("interaction", ["", "search"])
def test_a_token_costs_one_statement(interaction: str, alice_token: str, now: datetime) -> None:
    """Django sees none: the one statement goes to the driver, and the server prepares it."""
    made = request(bearer=alice_token)
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")
    with CaptureQueriesContext(connection) as captured:
        access_for(made, now=now, read_only=True, interaction=interaction)
    assert len(captured) == 0
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_prepared_statements")
        assert cursor.fetchone() == (1,)


def test_a_token_on_a_connect_page(
    dana_app: NewClient, mallory_app: NewClient, alice: AppUser, alice_token: str, now: datetime
) -> None:
    for client_id in (None, dana_app.client_id):
        access = access_for_token(alice_token, client_id=client_id, now=now)
        assert access.app_user_id == alice.pk
    late = now + timedelta(hours=2)
    for token, client_id, at in (
        (alice_token, mallory_app.client_id, now),
        (alice_token, "", now),
        (alice_token, None, late),
        ("0" * 40, None, now),
        ("\ud800", None, now),
        ("", None, now),
    ):
        with pytest.raises(AccessRefused) as refused:
            access_for_token(token, client_id=client_id, now=at)
        assert refused.value.status == 401
        assert refused.value.body == {"success": False, "error": "invalid access token"}


def test_a_clients_server_reaches_its_own_users_only(
    dana_app: NewClient, mallory_app: NewClient, alice: AppUser
) -> None:
    application = dana_app.application
    assert user_access(application, app_user_id="alice").app_user_id == alice.pk
    assert user_access(application, oneup_user_id=str(alice.pk)).app_user_id == alice.pk
    with pytest.raises(UnknownUser):
        user_access(mallory_app.application, oneup_user_id=str(alice.pk))
    with pytest.raises(BadUserInput):
        user_access(application)
