from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts.applications import NewClient, rotate_secret
from accounts.client_auth import BadClient, authenticate_client, basic_credentials
from tests.accounts.conftest import secrets_of


def test_the_right_pair_names_the_application(dana_app: NewClient, now: datetime) -> None:
    assert authenticate_client(secrets_of(dana_app), now=now) == dana_app.application


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "no_id"),
        ({"client_secret": "x"}, "no_id"),
        ({"client_id": ""}, "no_id"),
        ({"client_id": "x"}, "no_secret"),
        ({"client_id": "x", "client_secret": "y"}, "bad"),
        ({"client_id": "\x00", "client_secret": "y"}, "bad"),
        ({"client_id": "\ud800", "client_secret": "\ud800"}, "bad"),
        ({"client_id": "x" * 10_000, "client_secret": "y"}, "bad"),
    ],
)
def test_anything_else_is_refused(given: dict[str, str], reason: str, now: datetime) -> None:
    with pytest.raises(BadClient) as refused:
        authenticate_client(given, now=now)
    assert refused.value.reason == reason
    assert refused.value.status == 401
    assert refused.value.body == {"success": False, "error": "invalid client credentials"}


def test_another_apps_secret_does_not_open(
    dana_app: NewClient, mallory_app: NewClient, now: datetime
) -> None:
    mixed = {"client_id": dana_app.client_id, "client_secret": mallory_app.client_secret}
    with pytest.raises(BadClient):
        authenticate_client(mixed, now=now)


def test_a_rotated_secret_works_until_its_grace_ends(dana_app: NewClient, now: datetime) -> None:
    new = rotate_secret(application=dana_app.application, grace=timedelta(hours=1), now=now)
    old, fresh = secrets_of(dana_app), {**secrets_of(dana_app), "client_secret": new}
    for given in (old, fresh):
        assert authenticate_client(given, now=now + timedelta(minutes=59)) == dana_app.application
    later = now + timedelta(hours=1)
    assert authenticate_client(fresh, now=later) == dana_app.application
    with pytest.raises(BadClient):
        authenticate_client(old, now=later)


def test_without_grace_the_old_secret_dies_at_once(dana_app: NewClient, now: datetime) -> None:
    rotate_secret(application=dana_app.application, grace=timedelta(0), now=now)
    with pytest.raises(BadClient):
        authenticate_client(secrets_of(dana_app), now=now)


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        ("Basic YTpi", {"client_id": "a", "client_secret": "b"}),
        ("basic YTpiOmM=", {"client_id": "a", "client_secret": "b:c"}),
        ("Basic YSUyMDpi", {"client_id": "a ", "client_secret": "b"}),
        ("Basic ???", {"client_id": "", "client_secret": ""}),
        ("Basic", {"client_id": "", "client_secret": ""}),
        ("Basic /w==", {"client_id": "", "client_secret": ""}),
        ("Bearer YTpi", None),
        ("", None),
    ],
)
def test_basic_credentials(header: str, credentials: dict[str, str] | None) -> None:
    assert basic_credentials(header) == credentials
