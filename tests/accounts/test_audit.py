from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from accounts.access import AccessRefused, access_for
from accounts.applications import NewClient
from accounts.models import AppUser, AuditRecord
from tests.cast import token_pair

SHOWN = ("app_user", "via", "interaction", "resource_type", "resource_id", "outcome")


def read(
    now: datetime, token: str = "", app: NewClient | None = None, user: str = "", **call: Any
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if app:
        headers = {"client-id": app.client_id, "client-secret": app.client_secret}
        headers["x-oneup-user-id"] = user
    request = RequestFactory().get("/fhir/r4/Patient/1", headers=headers)
    access_for(request, now=now, read_only=True, **call)


def rows() -> list[tuple[object, ...]]:
    return list(AuditRecord.objects.order_by("id").values_list(*SHOWN))


def test_a_data_call_by_token_is_recorded_once(
    dana_app: NewClient, alice: AppUser, alice_token: str, now: datetime
) -> None:
    read(now, alice_token, interaction="read", resource_type="Patient", resource_id="p1")
    assert rows() == [(alice.pk, "bearer", "read", "Patient", "p1", "granted")]
    record = AuditRecord.objects.get()
    assert (record.at, record.application) == (now, dana_app.application.pk)


def test_a_call_without_an_interaction_is_not(alice_token: str, now: datetime) -> None:
    read(now, alice_token)
    assert rows() == []


def test_a_call_for_all_users_names_none(dana_app: NewClient, now: datetime) -> None:
    read(now, app=dana_app, user="client", interaction="search", resource_type="Patient")
    assert rows() == [(None, "client", "search", "Patient", "", "granted")]


def test_a_refused_scope_is_recorded(dana_app: NewClient, alice: AppUser, now: datetime) -> None:
    token = token_pair(dana_app, alice, now, "user/Observation.read").access_token
    read(now, token, interaction="search", resource_type="Observation")
    with pytest.raises(AccessRefused):
        read(now, token, interaction="search", resource_type="Patient")
    assert rows() == [
        (alice.pk, "bearer", "search", "Observation", "", "granted"),
        (alice.pk, "bearer", "search", "Patient", "", "refused"),
    ]


def test_a_client_that_asks_for_a_strangers_user_is_recorded(
    mallory_app: NewClient, alice: AppUser, now: datetime
) -> None:
    with pytest.raises(AccessRefused):
        read(now, app=mallory_app, user=str(alice.pk), interaction="read", resource_type="Patient")
    assert rows() == [(None, "client", "read", "Patient", "", "refused")]


def test_an_unknown_caller_leaves_no_record(now: datetime) -> None:
    with pytest.raises(AccessRefused):
        read(now, "0" * 40, interaction="read", resource_type="Patient")
    assert rows() == []


@pytest.mark.parametrize("nonsense", ["x" * 500, "a\x00b", "\ud800"])
def test_nonsense_in_a_url_does_not_upset_the_record(
    nonsense: str, alice_token: str, now: datetime
) -> None:
    read(now, alice_token, interaction="read", resource_type=nonsense, resource_id=nonsense)
    assert len(rows()) == 1


@pytest.mark.parametrize(
    "change", ["update accounts_auditrecord set via = 'x'", "delete from accounts_auditrecord"]
)
def test_records_cannot_be_changed(change: str, alice_token: str, now: datetime) -> None:
    read(now, alice_token, interaction="read", resource_type="Patient")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert len(rows()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_record_of_its_own_does_not_wait_for_the_disk_and_changes_nobody_elses(
    dana_app: NewClient, alice_token: str, now: datetime
) -> None:
    def setting() -> str:
        with connection.cursor() as cursor:
            cursor.execute("show synchronous_commit")
            return str(cursor.fetchone()[0])

    usual = setting()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set local synchronous_commit = on")
        read(now, alice_token, interaction="read", resource_type="Patient")
        assert setting() == "on"
    read(now, alice_token, interaction="read", resource_type="Patient")
    assert setting() == usual
