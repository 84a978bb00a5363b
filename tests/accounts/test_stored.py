from __future__ import annotations

from typing import Any

from django.db import connection

from accounts.applications import NewClient
from accounts.encryption import decrypt
from accounts.models import AppUser, RefreshToken
from tests.accounts.conftest import USER, call, code_for, redeem, refresh, secrets_of


def everything_stored() -> str:
    """Every column of every row of every table, as text."""
    found: list[Any] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"select t::text from {connection.ops.quote_name(table)} t")
            found += cursor.fetchall()
    return repr(found)


def test_no_secret_code_or_token_is_stored_in_clear(dana_app: NewClient, alice: AppUser) -> None:
    made = call(USER, {**secrets_of(dana_app), "app_user_id": "witness"}).json()
    unused = code_for(dana_app, "alice")
    first = redeem(dana_app, made["code"]).json()
    second = refresh(dana_app, first["refresh_token"]).json()
    clear = [dana_app.client_secret, made["code"], unused]
    clear += [body[name] for body in (first, second) for name in ("access_token", "refresh_token")]
    assert len(set(clear)) == 7
    stored = everything_stored()
    assert "witness" in stored
    assert dana_app.client_id in stored
    assert [secret for secret in clear if secret in stored] == []
    replay = decrypt(RefreshToken.objects.exclude(replay="").get().replay)
    assert second["refresh_token"] in replay
