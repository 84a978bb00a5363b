"""A token checked by the statement that reads."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import RequestFactory

from accounts.applications import NewClient
from accounts.claims import OWNER, Claim, claim_of, proved
from accounts.models import AccessToken, AppUser, AuditRecord
from tests.cast import token_pair

WHO = f"select u.id from accounts_appuser u where u.id = {OWNER}"


def claim(token: str, now: datetime, scheme: str = "Bearer") -> Claim | None:
    request = RequestFactory().get("/", headers={"Authorization": f"{scheme} {token}"})
    return claim_of(request, now=now, interaction="read", resource_type="Patient", resource_id="p1")


def proves(token: str, now: datetime, sql: str = WHO) -> list[int]:
    found = claim(token, now)
    assert found is not None
    assert not found.tried
    result = found.execute(sql, {})
    assert found.tried
    return [int(result.get_value(row, 0) or b"") for row in range(result.ntuples)]


def test_rows_are_those_of_the_tokens_user_and_the_call_is_recorded(
    alice: AppUser, alice_token: str, bob: AppUser, bob_token: str, now: datetime
) -> None:
    assert proves(alice_token, now) == [alice.pk]
    assert proves(bob_token, now, f"with mine as (select {OWNER} as id) select id from mine") == [
        bob.pk
    ]
    shown = ("app_user", "via", "interaction", "resource_type", "resource_id", "outcome", "at")
    assert list(AuditRecord.objects.order_by("id").values_list(*shown)) == [
        (alice.pk, "bearer", "read", "Patient", "p1", "granted", now),
        (bob.pk, "bearer", "read", "Patient", "p1", "granted", now),
    ]


def test_nothing_is_proved_nor_recorded_by_a_token_that_is_not_alive_or_not_for_everything(
    dana_app: NewClient, alice: AppUser, alice_token: str, now: datetime
) -> None:
    narrow = token_pair(dana_app, alice, now, "user/Patient.rs").access_token
    assert proves(narrow, now) == []
    assert proves("0" * 32, now) == []
    expires = AccessToken.objects.get(token_checksum=claim_key(alice_token, now)).expires
    assert proves(alice_token, expires - timedelta(seconds=1)) == [alice.pk]
    assert proves(alice_token, expires) == []
    AccessToken.objects.all().delete()
    assert proves(alice_token, now) == []
    assert AuditRecord.objects.count() == 1


def claim_key(token: str, now: datetime) -> str:
    found = claim(token, now)
    assert found is not None
    return str(found.values["digest"])


@pytest.mark.parametrize("token", ["", "x" * 32, "0" * 31, "' or true --"])
def test_what_no_token_of_ours_looks_like_claims_nothing(token: str, now: datetime) -> None:
    assert claim(token, now) is None
    assert claim("0" * 32, now, "Basic") is None


def test_no_owner_is_left_to_be_named() -> None:
    assert "%(owner)s" not in proved(f"select 1 where {OWNER} = {OWNER}")
