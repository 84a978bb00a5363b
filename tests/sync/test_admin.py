from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from accounts.models import AppUser, User
from connectors.models import Connection, System
from sync.models import SyncRun, Window
from tests.sync.conftest import connect

TOKEN = "vendor-token-5up3r"
LIST = "admin:connectors_connection_changelist"


@pytest.fixture
def row(transactional_db: None, alice: AppUser, system: System, now: datetime) -> Connection:
    return connect(
        alice,
        system,
        now,
        status="connected",
        next_sync_at=now + timedelta(hours=1),
        access_token=TOKEN,
        refresh_token=TOKEN,
    )


def staff(*rights: str) -> Client:
    user = User.objects.create(username="sam", email="sam@example.org", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def steward(row: Connection) -> Client:
    return staff("view_connection", "change_connection", "view_syncrun", "view_window")


def act(client: Client, row: Connection, action: str) -> None:
    client.post(reverse(LIST), {"action": action, "_selected_action": [row.pk]})
    row.refresh_from_db()


def test_pages_show_connections_runs_and_ledger_without_tokens(
    steward: Client, row: Connection, now: datetime
) -> None:
    run = SyncRun.objects.create(connection=row, lease_id="0" * 32, trigger="tick", started=now)
    window = Window.objects.create(
        connection=row, key="Condition", state="empty", asked_to=now, first_at=now, last_at=now
    )
    for model, key in (("connectors_connection", row.pk), ("sync_syncrun", run.pk)):
        for url in (
            reverse(f"admin:{model}_changelist"),
            reverse(f"admin:{model}_change", args=[key]),
        ):
            page = steward.get(url)
            assert page.status_code == 200
            assert row.public_id in page.content.decode()
            assert TOKEN not in page.content.decode()
    assert steward.get(reverse("admin:sync_window_change", args=[window.pk])).status_code == 200


def test_a_parked_connection_is_resumed_and_due_at_once(
    steward: Client, row: Connection, now: datetime
) -> None:
    act(steward, row, "park")
    assert row.parked
    act(steward, row, "resume")
    assert not row.parked
    assert row.next_sync_at <= now + timedelta(minutes=1)


def test_sync_now_queues_a_run(steward: Client, row: Connection) -> None:
    act(steward, row, "sync_now")
    assert OrmQ.objects.count() == 1


def test_who_may_only_look_may_not_steer(row: Connection) -> None:
    act(staff("view_connection"), row, "park")
    assert not row.parked


def test_nothing_is_added_edited_or_deleted_by_hand(steward: Client, row: Connection) -> None:
    change = reverse("admin:connectors_connection_change", args=[row.pk])
    assert steward.post(change, {"status": "disconnected"}).status_code == 403
    assert steward.get(reverse("admin:connectors_connection_add")).status_code == 403
    delete = reverse("admin:connectors_connection_delete", args=[row.pk])
    assert steward.post(delete, {"post": "yes"}).status_code == 403
