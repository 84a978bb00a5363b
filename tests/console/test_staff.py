"""Staff find anything by any id, steer connections, and see nobody's health data."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from accounts.applications import NewClient
from accounts.models import AccessToken, AppUser, AuditRecord, User
from connectors.models import CLINICAL, Connection, System
from fhirstore.ingest import ingest
from fhirstore.source import Source
from sync.models import SyncRun, Window
from tests.console.crowd import Crowd, statements

pytestmark = pytest.mark.django_db

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "MRN-77123",
    "name": [{"text": "Wilhelmina Quartz", "family": ["Quartz"], "given": ["Wilhelmina"]}],
    "birthDate": "1931-03-09",
    "address": [{"text": "4 Larkspur Lane", "city": "Larkspur"}],
    "telecom": [{"system": "phone", "value": "555-0188"}],
}
FINDING: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "O1",
    "status": "final",
    "code": {"text": "Zinc in hair"},
    "subject": {"reference": "Patient/MRN-77123"},
    "effectiveDateTime": "2026-11-20T08:00:00Z",
    "valueQuantity": {"value": 613.7, "unit": "ug/g"},
}
TOKEN = "vendor-token-5up3r"
HIDDEN = (
    "Quartz",
    "Wilhelmina",
    "1931",
    "Larkspur",
    "555-0188",
    "MRN-77123",
    "Zinc",
    "613.7",
    "ug/g",
    TOKEN,
)


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept": "text/html,*/*"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def sam(db: None) -> Client:
    """A member of staff with every right."""
    return browser_of(User.objects.create_superuser("sam@example.org", "sam@example.org", "x"))


@pytest.fixture
def hospital(db: None) -> System:
    return System.objects.create(
        id=990_101,
        kind=CLINICAL,
        name="Quarry General",
        resource_url="https://quarry.example.org/dstu2",
        fhir_version="dstu2",
        client_id="x",
    )


@pytest.fixture
def connection(alice: AppUser, hospital: System, now: datetime) -> Connection:
    """Alice's connection with a Patient, an Observation, a run and a window of the ledger."""
    row = Connection.objects.create(
        public_id="c_0123456789ab",
        app_user=alice,
        system=hospital,
        base=hospital.resource_url,
        iss=hospital.resource_url,
        account="MRN-77123",
        status=Connection.CONNECTED,
        access_token=TOKEN,
        refresh_token=TOKEN,
        connected_at=now,
        next_sync_at=now + timedelta(hours=1),
    )
    source = Source(
        base=row.base,
        system_id=hospital.pk,
        connection=row.pk,
        version="dstu2",
        patient="MRN-77123",
    )
    ingest(owner=alice.pk, source=source, resources=[PATIENT, FINDING], now=now)
    SyncRun.objects.create(
        connection=row, lease_id="0" * 32, trigger="tick", started=now, created=2
    )
    Window.objects.create(
        connection=row, key="Observation", state="answered", asked_to=now, first_at=now, last_at=now
    )
    AuditRecord.objects.create(
        at=now,
        application=alice.application_id,
        app_user=alice.pk,
        via="bearer",
        interaction="search",
        resource_type="Observation",
        outcome="granted",
    )
    return row


def found(browser: Client, text: str) -> str:
    answer = browser.get(reverse("staff_find"), {"q": text})
    assert answer.status_code == 200
    body = re.search(r'<div id="content-main">(.*)', answer.content.decode(), re.S)
    assert body
    return body[1]


def test_anything_is_found_by_any_of_its_ids(
    sam: Client, dana_app: NewClient, alice: AppUser, connection: Connection
) -> None:
    run = SyncRun.objects.get()
    pages = {
        "dana@example.org": f"accounts/user/{dana_app.developer.pk}",
        dana_app.client_id: f"accounts/application/{dana_app.application.pk}",
        str(alice.pk): f"accounts/appuser/{alice.pk}",
        "alice": f"accounts/appuser/{alice.pk}",
        "c_0123456789ab": f"connectors/connection/{connection.pk}",
        str(connection.pk): f"connectors/connection/{connection.pk}",
        "990101": "connectors/system/990101",
        str(run.pk): f"sync/syncrun/{run.pk}",
    }
    for text, page in pages.items():
        assert f'href="/admin/{page}/change/"' in found(sam, f" {text} "), text
    assert "0 found" in found(sam, "nobody-like-that")


@pytest.mark.parametrize("text", ["", "\0", "%", "9" * 30, "'", "x" * 500])
def test_odd_texts_find_nothing_and_break_nothing(sam: Client, text: str) -> None:
    assert "<table>" not in found(sam, text)


def test_nobody_but_staff_finds(browser: Client, connection: Connection) -> None:
    for client in (Client(), browser):
        answer = client.get(reverse("staff_find"), {"q": "c_0123456789ab"})
        assert answer.status_code == 302
        assert "/admin/login/" in answer["Location"]


def test_staff_sees_and_does_what_it_may(connection: Connection, alice: AppUser) -> None:
    viewer = User.objects.create(username="vi", email="vi@example.org", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_connection"))
    browser = browser_of(viewer)
    page = found(browser, "c_0123456789ab")
    assert "c_0123456789ab" in page
    assert "Park" not in page
    assert "0 found" in found(browser, "dana@example.org")
    assert press(browser, "connection", connection.pk, "park") == 403
    connection.refresh_from_db()
    assert not connection.parked


def press(browser: Client, model: str, pk: int, action: str, back: str = "") -> int:
    sent = {"model": model, "pk": str(pk), "action": action, "next": back}
    return browser.post(reverse("staff_act"), sent).status_code


def test_staff_parks_resumes_and_syncs(
    sam: Client, connection: Connection, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    assert "Park" in found(sam, "c_0123456789ab")
    assert press(sam, "connection", connection.pk, "park") == 302
    connection.refresh_from_db()
    assert connection.parked
    assert "Resume" in found(sam, "c_0123456789ab")
    assert press(sam, "connection", connection.pk, "resume") == 302
    connection.refresh_from_db()
    assert not connection.parked
    assert connection.next_sync_at <= now + timedelta(minutes=1)
    with django_capture_on_commit_callbacks(execute=True):
        assert press(sam, "connection", connection.pk, "sync_now") == 302
    assert OrmQ.objects.count() == 1
    noted = LogEntry.objects.order_by("id").values_list("change_message", flat=True)
    assert list(noted) == ["parked", "resumed", "asked for a sync"]


def test_staff_revokes_an_apps_tokens(
    sam: Client, dana_app: NewClient, alice_token: str, mallory_token: str
) -> None:
    assert press(sam, "application", dana_app.application.pk, "revoke_tokens") == 302
    assert not AccessToken.objects.filter(application=dana_app.application).exists()
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(
    ("model", "action"),
    [("connection", "delete_selected"), ("user", "park"), ("", ""), ("application", "park")],
)
def test_no_other_action_is_carried_out(
    sam: Client, connection: Connection, model: str, action: str
) -> None:
    assert press(sam, model, connection.pk, action) == 404
    assert Connection.objects.filter(pk=connection.pk).exists()


def test_an_action_leads_back_to_our_own_pages_only(sam: Client, connection: Connection) -> None:
    sent = {"model": "connection", "pk": connection.pk, "action": "park"}
    answer = sam.post(reverse("staff_act"), sent | {"next": "https://evil.example/"})
    assert answer["Location"] == reverse("staff_find")
    answer = sam.post(reverse("staff_act"), sent | {"next": "/admin/find/?q=c_01"})
    assert answer["Location"] == "/admin/find/?q=c_01"


def test_pages_have_buttons_and_counts(
    sam: Client, connection: Connection, dana_app: NewClient, alice: AppUser
) -> None:
    page = sam.get(f"/admin/connectors/connection/{connection.pk}/change/").content.decode()
    assert 'name="action" value="park"' in page
    assert re.search(r"Resources:.*?2", page, re.S)
    page = sam.get(f"/admin/accounts/appuser/{alice.pk}/change/").content.decode()
    assert "Observation 1, Patient 1" in page
    page = sam.get(
        f"/admin/accounts/application/{dana_app.application.pk}/change/"
    ).content.decode()
    assert 'name="action" value="revoke_tokens"' in page


def admin_pages() -> list[str]:
    """Every list and the page of every row that there is, of all that the admin knows."""
    paths = ["/admin/"]
    for model, known in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        paths.append(reverse(f"{name}_changelist"))
        rows = known.model._default_manager.all()[:5]
        paths += [
            reverse(f"{name}_{what}", args=[r.pk]) for r in rows for what in ("change", "history")
        ]
    return paths


def test_no_health_data_in_any_page_of_staff(
    sam: Client, connection: Connection, alice: AppUser, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        press(sam, "connection", connection.pk, "sync_now")
    paths = admin_pages()
    for kind in ("connection", "appuser", "syncrun", "window", "auditrecord", "ormq"):
        assert any(f"/{kind}/" in path and "/change/" in path for path in paths), kind
    texts = ("Quartz", "MRN-77123", str(alice.pk), "alice", "c_0123456789ab")
    for path in [*paths, *(f"/admin/find/?q={text}" for text in texts)]:
        answer = sam.get(path)
        assert answer.status_code == 200, path
        page = answer.content.decode().replace("found for “Quartz”", "").replace("“MRN-77123”", "")
        page = re.sub(r'name="q" value="[^"]*"', "", page)
        for word in HIDDEN:
            assert word not in page, (path, word)


def test_searching_the_lists_for_health_data_finds_nothing(
    sam: Client, connection: Connection
) -> None:
    for model, known in admin.site._registry.items():
        if not known.search_fields:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        page = sam.get(reverse(name), {"q": "MRN-77123"}).content.decode()
        assert 'id="result_list"' not in page, name


def test_finding_among_a_thousand_users_takes_few_statements(crowd: Crowd) -> None:
    staff = User.objects.create_superuser("sue@example.org", "sue@example.org", "x")
    browser = browser_of(staff)
    for text in ("sample-0400", crowd.connections[0].public_id, str(crowd.users[400].pk)):

        def find(text: str = text) -> None:
            assert "<table>" in found(browser, text)

        assert statements(find) <= 24
