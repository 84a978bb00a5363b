"""Who is not the developer of an app: on every address of the console another developer gets "not
found" for what is Dana's, and nobody gets asked to log in. A new route is walked by itself; one
with a new kind of argument has to say here what Dana's own would be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.urls.resolvers import URLResolver

from accounts.applications import NewClient
from accounts.developer_changes import changes_of
from accounts.models import Application, AppUser, AuditRecord, User
from connectors.models import CLINICAL, Connection, System
from console.applications import slug_of

pytestmark = pytest.mark.django_db
PUBLIC = {"theme"}  # a choice of colours, for everybody
REFUSED = (404, 405)


def routes() -> list[tuple[str, tuple[str, ...]]]:
    """Name and arguments of every page below /console."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[URLPattern]:
        for entry in patterns:
            path = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, path)
            elif path == "console" or path.startswith("console/"):
                yield entry

    (resolver,) = (
        entry
        for entry in get_resolver().url_patterns
        if isinstance(entry, URLResolver) and entry.namespace == "console"
    )
    return [
        (str(found.name), tuple(found.pattern.converters))
        for found in walk(resolver.url_patterns, "")
        if found.name not in PUBLIC
    ]


ROUTES = routes()
OWNED = [name for name, arguments in ROUTES if "app" in arguments]


@pytest.fixture
def alices(dana_app: NewClient, alice: AppUser, now: datetime) -> dict[str, str]:
    """Dana's own: what would stand in the address."""
    system = System.objects.create(
        id=4706, kind=CLINICAL, name="Hospital", resource_url="https://h.example", client_id="x"
    )
    connection = Connection.objects.create(
        public_id="c_0123456789abcdef",
        app_user=alice,
        system=system,
        base="https://h.example",
        iss="https://h.example",
        account="A",
        connected_at=now,
        next_sync_at=now,
    )
    return {
        "app": slug_of(dana_app.application),
        "user": str(alice.pk),
        "c": connection.public_id,
        "rtype": "Observation",
        "system": "4706",
    }


def address(name: str, alices: dict[str, str]) -> str:
    arguments = dict(ROUTES)[name]
    unknown = set(arguments) - set(alices)
    assert not unknown, f"say above what Dana's own {unknown} would be"
    return reverse(f"console:{name}", kwargs={key: alices[key] for key in arguments})


@pytest.fixture
def mallory(mallory_app: NewClient) -> Client:
    """The other developer's browser, logged in."""
    client = Client(headers={"Accept": "text/html,*/*"})
    client.force_login(mallory_app.developer, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_walk_finds_the_pages() -> None:
    assert {"home", "app", "app_delete", "users", "user", "connection", "sandbox"} <= {
        name for name, _ in ROUTES
    }
    assert len(OWNED) > 10


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", OWNED)
def test_another_developer_finds_nothing(
    mallory: Client, alices: dict[str, str], name: str, method: str
) -> None:
    answer = getattr(mallory, method)(address(name, alices), {"name": "Another", "q": "x"})
    assert answer.status_code in REFUSED
    page = answer.content.decode()
    assert "Dana" not in page
    assert "alice" not in page


@pytest.mark.parametrize("name", OWNED)
def test_each_page_is_really_refused_on_one_way_in(
    mallory: Client, alices: dict[str, str], name: str
) -> None:
    path = address(name, alices)
    assert 404 in {mallory.get(path).status_code, mallory.post(path).status_code}


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", [name for name, _ in ROUTES])
def test_nobody_is_asked_to_log_in(alices: dict[str, str], name: str, method: str) -> None:
    answer = getattr(Client(), method)(address(name, alices))
    if method == "post" and answer.status_code == 405:
        return  # a page without a form
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login?next=/console")


@pytest.mark.parametrize("name", [name for name, arguments in ROUTES if "app" not in arguments])
def test_pages_of_no_app_tell_another_developer_nothing_of_danas(
    mallory: Client, alices: dict[str, str], name: str
) -> None:
    answer = mallory.get(address(name, alices))
    assert answer.status_code in (200, 302, 404, 405, 503)
    assert "Dana" not in answer.content.decode()


def test_a_walk_of_strangers_changes_nothing(
    mallory: Client, alices: dict[str, str], dana: User, dana_app: NewClient
) -> None:
    before = Application.objects.filter(pk=dana_app.application.pk).values().get()
    records = AuditRecord.objects.count()
    for name in OWNED:
        mallory.post(address(name, alices), {"name": "Dana's app", "mode": "live", "add": "x"})
    assert Application.objects.filter(pk=dana_app.application.pk).values().get() == before
    assert AuditRecord.objects.count() == records
    assert changes_of(dana_app.application, most=5) == []
    assert AppUser.objects.get(pk=int(alices["user"])).active
    assert Connection.objects.get(public_id=alices["c"]).status == Connection.PENDING


def test_a_slug_too_short_finds_nothing(browser: Client, dana_app: NewClient) -> None:
    assert browser.get(f"/console/apps/{dana_app.client_id[:6]}").status_code == 404
    assert browser.get(f"/console/apps/{dana_app.client_id}").status_code == 404
