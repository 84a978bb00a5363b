"""The console's first page: led to first data, and from then on today's numbers, each a link."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.applications import NewClient, create_client
from accounts.models import Application, AppUser, User
from connectors.catalog.load import load_catalogue
from connectors.models import Connection, ConnectSession
from console.applications import slug_of
from console.queries.today import span_of, today_of
from fhirstore import writes
from sync.models import SyncRun

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    load_catalogue(sandbox_url=settings.SANDBOX_URL)


def connection(user: AppUser, now: datetime, *, system: int = 4706, **more: object) -> Connection:
    values = {
        "public_id": f"c_{uuid4().hex[:16]}",
        "app_user": user,
        "system_id": system,
        "base": "https://h.example",
        "iss": "https://h.example",
        "account": f"account-{user.pk}",
        "status": Connection.CONNECTED,
        "connected_at": now,
        "last_success_at": now,
        "next_sync_at": now,
        **more,
    }
    return Connection.objects.create(**values)


def run(row: Connection, *, at: datetime, created: int, updated: int = 0) -> None:
    SyncRun.objects.create(
        connection=row,
        lease_id=uuid4(),
        trigger="tick",
        started=at,
        finished=at,
        outcome=SyncRun.OK,
        created=created,
        updated=updated,
    )


class TestWithoutData:
    """An account that has seen no data is led there."""

    def test_without_an_application_the_first_step_is_its_button(self, now: datetime) -> None:
        lone = User.objects.create(username="lone@example.org", email="lone@example.org")
        client = Client(headers={"Accept": "text/html"})
        client.force_login(lone, backend="django.contrib.auth.backends.ModelBackend")
        page = client.get("/console").content.decode()
        assert "0 of 3 done" in page
        assert re.search(r'href="/console/apps/new">ADD YOUR FIRST APPLICATION</a>', page)
        assert page.count('aria-current="step"') == 1

    def test_then_comes_a_test_user(self, browser: Client, dana_app: NewClient) -> None:
        page = browser.get("/console").content.decode()
        assert "1 of 3 done" in page
        assert "sample-001" in page
        assert f"{settings.HOSTS['api']}/user-management/v1/user" in page
        answer = browser.post(reverse("console:test_user", args=(slug(dana_app),)))
        assert answer["Location"] == "/console"
        assert AppUser.objects.get(application=dana_app.application).app_user_id == "sample-001"
        assert "2 of 3 done" in browser.get("/console").content.decode()

    def test_each_test_user_has_a_name_of_its_own(
        self, browser: Client, dana_app: NewClient
    ) -> None:
        for _ in range(3):
            browser.post(reverse("console:test_user", args=(slug(dana_app),)))
        names = AppUser.objects.order_by("pk").values_list("app_user_id", flat=True)
        assert list(names) == ["sample-001", "sample-002", "sample-003"]

    def test_the_third_leads_over_a_session_link_to_the_hospital(
        self, browser: Client, dana_app: NewClient, alice: AppUser
    ) -> None:
        page = browser.get("/console")
        go = reverse("console:try_connect", args=(slug(dana_app), alice.pk, 4706))
        assert f'action="{go}"' in page.content.decode()
        assert f"form-action 'self' {settings.SANDBOX_URL}" in page["Content-Security-Policy"]
        answer = browser.post(go)
        assert answer["Location"].startswith("/connect/session/")
        link = ConnectSession.objects.get()
        assert (link.app_user_id, link.system_id) == (alice.pk, 4706)
        back = reverse("console:arrived", args=(slug(dana_app), alice.pk))
        assert link.redirect_uri == f"{settings.PUBLIC_BASE_URL}{back}"
        onwards = browser.get(answer["Location"])
        assert urlsplit(onwards["Location"]).path == "/connect/choose/4706"

    def test_a_system_that_cannot_be_connected_is_not_found(
        self, browser: Client, dana_app: NewClient, alice: AppUser
    ) -> None:
        for system in (900_003, 123):
            go = reverse("console:try_connect", args=(slug(dana_app), alice.pk, system))
            assert browser.post(go).status_code == 404

    def test_a_deactivated_user_is_not_connected(
        self, browser: Client, dana_app: NewClient, alice: AppUser
    ) -> None:
        AppUser.objects.update(active=False)
        go = reverse("console:try_connect", args=(slug(dana_app), alice.pk, 4706))
        assert "is deactivated" in browser.post(go, follow=True).content.decode()
        assert not ConnectSession.objects.exists()


class TestArrived:
    """Back from the source."""

    def test_what_came_is_counted_by_type(
        self, browser: Client, dana_app: NewClient, alice: AppUser, now: datetime
    ) -> None:
        connection(alice, now)
        for family in ("One", "Two"):
            body = {"resourceType": "Patient", "name": [{"family": family}]}
            writes.create(owner=alice.pk, version="r4", rtype="Patient", body=body, now=now)
        page = browser.get(arrived(dana_app, alice)).content.decode()
        assert "2 resources are here" in page
        assert "hx-get" not in page.partition('id="arriving"')[2]
        assert "/data/Patient" in page

    def test_while_the_first_answer_is_awaited_the_page_looks_again(
        self, browser: Client, dana_app: NewClient, alice: AppUser, now: datetime
    ) -> None:
        connection(alice, now, status=Connection.PENDING, last_success_at=None)
        address = arrived(dana_app, alice)
        page = browser.get(address).content.decode()
        assert f'hx-get="{address}" hx-trigger="every 2s"' in page
        assert f'href="{address}">Refresh' in page  # without scripts
        part = browser.get(address, headers={"HX-Request": "true"}).content.decode()
        assert part.lstrip().startswith('<div id="arriving"')
        assert "<html" not in part

    def test_a_refusal_says_what_to_do(
        self, browser: Client, dana_app: NewClient, alice: AppUser
    ) -> None:
        failed = "?success=false&error=access_denied&error_description=%3Cb%3Eno%3C/b%3E"
        page = browser.get(f"{arrived(dana_app, alice)}{failed}").content.decode()
        assert "Nothing was connected" in page
        assert "access_denied" in page
        assert "&lt;b&gt;no&lt;/b&gt;" in page
        assert "Try again" in page

    @pytest.mark.parametrize(
        ("systems", "status", "offered", "again"),
        [
            ([4706], Connection.CONNECTED, True, 4709),
            ([4706, 4709], Connection.CONNECTED, False, 4706),
            ([4706, 4709], Connection.DISCONNECTED, True, 4706),
            ([], Connection.CONNECTED, True, 4706),
        ],
    )
    def test_the_wearable_is_offered_until_it_is_connected(
        self,
        browser: Client,
        dana_app: NewClient,
        alice: AppUser,
        now: datetime,
        systems: list[int],
        status: str,
        offered: bool,
        again: int,
    ) -> None:
        for system in systems:
            connection(alice, now, system=system, status=status)
        page = browser.get(arrived(dana_app, alice)).content.decode()
        assert ("Connect the wearable too" in page) is offered
        page = browser.get(f"{arrived(dana_app, alice)}?success=false").content.decode()
        assert f"/users/{alice.pk}/try/{again}" in page


class TestWithData:
    """A used account sees what happened."""

    @pytest.fixture
    def noon(self, now: datetime) -> datetime:
        return now.replace(hour=12, minute=30)

    def test_numbers_of_the_day_and_of_the_one_before_by_the_same_time(
        self, dana: User, alice: AppUser, bob: AppUser, noon: datetime
    ) -> None:
        day = timedelta(days=1)
        AppUser.objects.filter(pk=alice.pk).update(created=noon - timedelta(hours=1))
        AppUser.objects.filter(pk=bob.pk).update(created=noon - day - timedelta(hours=1))
        row = connection(alice, noon)
        connection(bob, noon - day + timedelta(hours=2), account="late yesterday")
        run(row, at=noon - timedelta(minutes=5), created=7, updated=2)
        run(row, at=noon - day - timedelta(minutes=5), created=3)
        run(row, at=noon - day + timedelta(hours=1), created=100)  # later than this time yesterday
        today = today_of(dana, span=span_of(days=1, now=noon))
        assert (today.users.count, today.users.before) == (1, 1)
        assert (today.connections.count, today.connections.before) == (1, 0)
        assert (today.received.count, today.received.before) == (9, 3)
        assert [b.hospitals for b in today.buckets][12] == 9
        assert len(today.buckets) == 24
        week = today_of(dana, span=span_of(days=7, now=noon))
        assert week.received.count == 112
        assert len(week.buckets) == 7

    def test_another_developers_numbers_are_not_in_it(
        self, dana: User, mallory_user: AppUser, noon: datetime
    ) -> None:
        run(connection(mallory_user, noon, status=Connection.FAILING), at=noon, created=5)
        today = today_of(dana, span=span_of(days=1, now=noon))
        assert (today.users.count, today.received.count, today.failing) == (0, 0, 0)
        assert today.troubles == []

    def test_wearables_and_hospitals_are_told_apart(
        self, dana: User, alice: AppUser, noon: datetime
    ) -> None:
        run(connection(alice, noon, system=4709), at=noon, created=4)
        run(connection(alice, noon), at=noon, created=5)
        bucket = today_of(dana, span=span_of(days=1, now=noon)).buckets[12]
        assert (bucket.devices, bucket.hospitals) == (4, 5)

    def test_people_who_have_to_act_come_first(
        self, dana: User, alice: AppUser, bob: AppUser, noon: datetime
    ) -> None:
        connection(alice, noon, status=Connection.FAILING, last_error_code="source_unavailable")
        connection(
            bob,
            noon,
            status=Connection.NEEDS_REAUTHORIZATION,
            last_error_code="authorization_expired",
        )
        today = today_of(dana, span=span_of(days=1, now=noon))
        assert today.failing == 2
        assert [t.status for t in today.troubles] == [
            Connection.NEEDS_REAUTHORIZATION,
            Connection.FAILING,
        ]
        assert today.troubles[0].connection == Connection.objects.get(app_user=bob).public_id

    def test_every_number_is_a_link(
        self, browser: Client, dana_app: NewClient, alice: AppUser, now: datetime
    ) -> None:
        run(connection(alice, now, status=Connection.FAILING), at=now, created=12_345)
        page = browser.get("/console").content.decode()
        figures = page.partition('<dl class="figures">')[2].partition("</dl>")[0]
        assert re.findall(r"<dd><a href=\"[^\"]+\">([\d,]+)</a></dd>", figures) == [
            "1",
            "1",
            "12,345",
            "1",
        ]
        assert f'href="/console/apps/{slug(dana_app)}/users"' in figures
        assert "One connection to EPIC Medical Center (demo) is failing" in page
        table = page.partition('<table class="table cards"')[2]
        assert f'href="/console/apps/{slug(dana_app)}/connections">12,345</a>' in table

    def test_nothing_wrong_is_one_line(
        self, browser: Client, alice: AppUser, now: datetime
    ) -> None:
        connection(alice, now)
        assert "Nothing needs you." in browser.get("/console").content.decode()

    def test_the_steps_can_be_seen_again(
        self, browser: Client, alice: AppUser, now: datetime
    ) -> None:
        connection(alice, now)
        assert "First data in three steps" in browser.get("/console?steps=1").content.decode()

    @pytest.mark.parametrize("days", ["7", "30", "x", "-1"])
    def test_other_spans_and_nonsense(
        self, browser: Client, alice: AppUser, now: datetime, days: str
    ) -> None:
        connection(alice, now)
        page = browser.get(f"/console?days={days}").content.decode()
        title = f"The last {days} days" if days in ("7", "30") else "Today"
        assert f"<h1>{title}</h1>" in page

    def test_an_application_that_is_being_deleted_is_gone(
        self, browser: Client, dana: User, alice: AppUser, now: datetime
    ) -> None:
        create_client(
            email=dana.email, name="Kept", redirect_uris=["https://k.example.org/"], now=now
        )
        connection(alice, now)
        Application.objects.filter(app_users=alice).update(user=None, closing=now)
        assert "First data in three steps" in browser.get("/console").content.decode()


def slug(app: NewClient) -> str:
    return slug_of(app.application)


def arrived(app: NewClient, user: AppUser) -> str:
    return reverse("console:arrived", args=(slug(app), user.pk))
