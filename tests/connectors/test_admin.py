"""Staff binds a system to its real address; a secret is never shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from connectors.catalog.load import load_catalogue
from connectors.models import System

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(now: Any) -> Client:
    user = User.objects.create_superuser("staff@example.org", "staff@example.org", "pw")
    client = Client()
    client.force_login(user)
    return client


def form_of(system: System, **changed: str) -> dict[str, Any]:
    fields = {
        name: getattr(system, name)
        for name in (
            "kind",
            "name",
            "status",
            "slug",
            "fhir_version",
            "system_type",
            "ehr",
            "resource_url",
            "api_base",
            "client_id",
            "auth_method",
            "authorize_url",
            "token_url",
            "revoke_url",
            "scope",
            "allow_host",
            "min_interval_seconds",
        )
    }
    return {**fields, "locations": "[]", "enabled": "on", "new_client_secret": "", **changed}


def test_a_secret_is_set_but_never_shown(staff: Client) -> None:
    load_catalogue(sandbox_url=None)
    page = "/admin/connectors/system/4894/change/"
    system = System.objects.get(pk=4894)
    saved = staff.post(page, form_of(system, client_id="ours", new_client_secret="hush-hush"))
    assert saved.status_code == 302, saved.context["errors"]
    system.refresh_from_db()
    assert system.client_secret.reveal() == "hush-hush"
    shown = staff.get(page).content.decode()
    assert "ours" in shown
    assert "hush-hush" not in shown
    staff.post(page, form_of(system, name="Michigan"))
    system.refresh_from_db()
    assert (system.name, system.client_secret.reveal()) == ("Michigan", "hush-hush")


def test_a_simulator_with_credentials_of_the_operators_is_none_any_more(staff: Client) -> None:
    load_catalogue(sandbox_url="http://127.0.0.1:9000")
    system = System.objects.get(pk=4706)
    page = "/admin/connectors/system/4706/change/"
    staff.post(page, form_of(system, client_id="ours", api_base="", token_url=""))
    system.refresh_from_db()
    assert not system.simulator
    assert load_catalogue(sandbox_url="http://127.0.0.1:9000").kept == 1


def test_a_system_added_by_hand_gets_a_number_of_its_own(staff: Client) -> None:
    fields = form_of(System(kind="clinical", name="Own", resource_url="https://own.example/r4/"))
    saved = staff.post("/admin/connectors/system/add/", fields)
    assert saved.status_code == 302, saved.context["errors"]
    system = System.objects.get()
    assert system.pk >= 1_000_000
    assert system.resource_url == "https://own.example/r4"


def test_a_number_cannot_be_freed(staff: Client) -> None:
    load_catalogue(sandbox_url=None)
    assert staff.get("/admin/connectors/system/4894/delete/").status_code == 403
    assert staff.get("/admin/connectors/system/?q=Michigan").status_code == 200
