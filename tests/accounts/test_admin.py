from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from accounts.access import AccessRefused, access_for_token
from accounts.applications import NewClient
from accounts.models import AppUser, AuditRecord, RefreshToken, User


@pytest.fixture
def staff(settings: Any, db: None) -> Client:
    settings.ROOT_URLCONF = "tests.accounts.admin_urls"
    client = Client()
    client.force_login(
        User.objects.create_superuser("staff@example.org", "staff@example.org", "a password")
    )
    return client


def page(client: Client, path: str) -> str:
    response = client.get(f"/admin/accounts/{path}", follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def test_staff_finds_people_apps_and_users(
    staff: Client, dana_app: NewClient, alice: AppUser
) -> None:
    assert "dana@example.org" in page(staff, "user/?q=dana")
    assert dana_app.client_id in page(staff, f"application/?q={dana_app.client_id}")
    assert "alice" in page(staff, f"appuser/?q={alice.pk}")
    assert page(staff, f"user/{dana_app.developer.pk}/change/")
    assert page(staff, "user/add/")
    assert page(staff, f"appuser/{alice.pk}/change/")


def test_no_page_shows_a_secret_or_its_digest(
    staff: Client, dana_app: NewClient, alice: AppUser
) -> None:
    shown = page(staff, f"application/{dana_app.application.pk}/change/")
    assert dana_app.client_id in shown
    assert dana_app.client_secret not in shown
    assert dana_app.application.secret_digest not in shown


def test_tokens_and_codes_have_no_pages(db: None) -> None:
    names = {model.__name__ for model in admin.site._registry}
    assert {"User", "Application", "AppUser", "AuditRecord"} <= names
    hidden = {"Grant", "AccessToken", "RefreshToken", "IDToken", "DeviceGrant"}
    assert not names & hidden


def test_staff_withdraws_an_apps_tokens(
    staff: Client, dana_app: NewClient, alice_token: str, mallory_token: str, now: datetime
) -> None:
    response = staff.post(
        "/admin/accounts/application/",
        {"action": "revoke_tokens", "_selected_action": [dana_app.application.pk]},
    )
    assert response.status_code == 302
    with pytest.raises(AccessRefused):
        access_for_token(alice_token, client_id=None, now=now)
    assert access_for_token(mallory_token, client_id=None, now=now).app_user_id is not None
    assert RefreshToken.objects.filter(revoked=None).count() == 1


def test_audit_records_can_be_read_and_not_changed(
    staff: Client, alice: AppUser, now: datetime
) -> None:
    record = AuditRecord.objects.create(
        at=now,
        application=1,
        app_user=alice.pk,
        via="bearer",
        interaction="read",
        outcome="granted",
    )
    assert "bearer" in page(staff, f"auditrecord/?q={alice.pk}")
    assert "bearer" in page(staff, f"auditrecord/{record.pk}/change/")
    path = f"/admin/accounts/auditrecord/{record.pk}/"
    assert staff.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"{path}change/", {"via": "x"}).status_code == 403
