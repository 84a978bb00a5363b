"""The end of an application: keys at once, data in the background, and nobody else's."""

from __future__ import annotations

from datetime import datetime

import pytest
from django_q.models import OrmQ

from accounts.applications import NewClient
from accounts.client_auth import BadClient, authenticate_client
from accounts.models import AccessToken, Application, AppUser, RefreshToken
from connectors.models import CLINICAL, Connection, System
from fhirstore import database, writes
from sync import closing, tasks
from tests.cast import token_pair

pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(alice: AppUser, now: datetime) -> Connection:
    system = System.objects.create(
        id=4706, kind=CLINICAL, name="Hospital", resource_url="https://h.example", client_id="x"
    )
    return Connection.objects.create(
        public_id="c_1",
        app_user=alice,
        system=system,
        base="https://h.example",
        iss="https://h.example",
        account="A",
        connected_at=now,
        next_sync_at=now,
    )


def write(owner: AppUser, now: datetime) -> None:
    body = {"resourceType": "Patient", "name": [{"family": "Made-up"}]}
    writes.create(owner=owner.pk, version="r4", rtype="Patient", body=body, now=now)


def resources(owner: int) -> int:
    cursor = database.cursor()
    row = cursor.execute("select count(*) from fhir_resource where owner = %s", (owner,)).fetchone()
    assert row is not None
    return int(row[0])


def test_keys_end_at_once_and_data_waits_for_the_task(
    dana_app: NewClient, alice: AppUser, connected: Connection, now: datetime
) -> None:
    token_pair(dana_app, alice, now)
    write(alice, now)
    closing.close(application=dana_app.application, now=now)
    with pytest.raises(BadClient):
        authenticate_client(
            {"client_id": dana_app.client_id, "client_secret": dana_app.client_secret}, now=now
        )
    assert not AccessToken.objects.exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert not AppUser.objects.filter(pk=alice.pk, active=True).exists()
    assert resources(alice.pk) > 0


def test_the_task_erases_users_connections_and_data_and_then_the_application(
    dana_app: NewClient,
    alice: AppUser,
    bob: AppUser,
    connected: Connection,
    now: datetime,
) -> None:
    for user in (alice, bob):
        write(user, now)
    closing.close(application=dana_app.application, now=now)
    assert closing.erase_application(dana_app.application.pk) == 2
    assert not Application.objects.filter(pk=dana_app.application.pk).exists()
    assert not AppUser.objects.filter(pk__in=(alice.pk, bob.pk)).exists()
    assert not Connection.objects.exists()
    assert (resources(alice.pk), resources(bob.pk)) == (0, 0)


def test_another_apps_users_keep_everything(
    dana_app: NewClient, alice: AppUser, mallory_user: AppUser, now: datetime
) -> None:
    write(mallory_user, now)
    closing.close(application=dana_app.application, now=now)
    closing.erase_application(dana_app.application.pk)
    assert AppUser.objects.filter(pk=mallory_user.pk, active=True).exists()
    assert resources(mallory_user.pk) == 1


def test_an_application_that_is_not_closing_is_left_alone(
    dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    write(alice, now)
    assert closing.erase_application(dana_app.application.pk) == 0
    assert resources(alice.pk) == 1


def test_a_task_delivered_twice_finds_nothing_left(
    dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    closing.close(application=dana_app.application, now=now)
    closing.erase_application(dana_app.application.pk)
    assert closing.erase_application(dana_app.application.pk) == 0


@pytest.mark.usefixtures("alice", "bob")
def test_a_task_whose_time_ran_out_queues_the_rest(
    dana_app: NewClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing.close(application=dana_app.application, now=now)
    monkeypatch.setattr(closing, "WORK_FOR", -1.0)
    before = OrmQ.objects.count()
    assert closing.erase_application(dana_app.application.pk) == 0
    assert OrmQ.objects.count() == before + 1
    assert Application.objects.filter(pk=dana_app.application.pk).exists()


def test_a_lost_task_is_queued_again_daily(dana_app: NewClient, now: datetime) -> None:
    closing.close(application=dana_app.application, now=now)
    before = OrmQ.objects.count()
    tasks.prune()
    assert OrmQ.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_closing_queues_the_task_after_commit(dana_app: NewClient, now: datetime) -> None:
    closing.close(application=dana_app.application, now=now)
    assert closing.TASK in {row.task["func"] for row in OrmQ.objects.all()}
