from __future__ import annotations

import re
from datetime import datetime

import pytest

from accounts.applications import NewClient, create_client
from accounts.models import Application, User
from accounts.redirects import BadRedirectUri, check_redirect_uri, redirect_uris


def test_a_new_client_has_the_contracts_formats(dana_app: NewClient) -> None:
    assert re.fullmatch("[0-9a-f]{32}", dana_app.client_id)
    assert re.fullmatch("[0-9a-f]{40}", dana_app.client_secret)
    assert dana_app.application.mode == "test"
    assert dana_app.application.client_secret == ""
    assert dana_app.client_secret not in repr(dana_app)


def test_a_developer_is_made_once_and_has_no_password(now: datetime) -> None:
    apps = [
        create_client(email=email, name="a", redirect_uris=[], now=now)
        for email in ("dana@example.org", " Dana@Example.org")
    ]
    assert apps[0].client_id != apps[1].client_id
    developer = User.objects.get()
    assert developer.email == "dana@example.org"
    assert not developer.has_usable_password()


def test_redirect_uris_keep_their_order(dana_app: NewClient) -> None:
    assert redirect_uris(Application.objects.get()) == [
        "http://localhost:3000/callback",
        "https://dana.example.org/back?x=1",
    ]


def test_a_bad_redirect_uri_makes_no_client(now: datetime) -> None:
    with pytest.raises(BadRedirectUri):
        create_client(email="d@example.org", name="a", redirect_uris=["ftp://x/"], now=now)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("uri", "modes"),
    [
        ("https://app.example/back?a=b", "test live"),
        (" https://app.example/ ", "test live"),
        ("http://app.example/", "test"),
        ("http://localhost:3000/callback", "test"),
        ("https://localhost/", "test"),
        ("http://127.0.0.1:1/", "test"),
        ("http://[::1]:1/", "test"),
        ("", ""),
        ("app.example/back", ""),
        ("/back", ""),
        ("https://", ""),
        ("myapp://back", ""),
        ("https://*.app.example/", ""),
        ("javascript:alert(1)", ""),
        ("https://user@app.example/", ""),
        ("https://app.example/#part", ""),
        ("https://app.example/a b", ""),
        ("https://app.example/a\nb", ""),
        ("https://[app.example/", ""),
        ("https://app.example:port/", ""),
    ],
)
def test_where_users_may_be_sent(uri: str, modes: str) -> None:
    accepted = []
    for mode in (Application.TEST, Application.LIVE):
        try:
            assert check_redirect_uri(uri, mode=mode) == uri.strip()
        except BadRedirectUri:
            continue
        accepted.append(mode)
    assert accepted == modes.split()
