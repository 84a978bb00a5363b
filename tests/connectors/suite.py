"""What every connector has to survive. A vendor's test inherits `ConnectorSuite`, says how its wire
looks, and gets all of these tests; a new vendor cannot forget them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import ClassVar

import pytest
from django.db import connections as databases

from accounts.models import AppUser
from connectors import dance
from connectors.connector import Page
from connectors.errors import (
    ConnectorError,
    Denied,
    Malformed,
    Misconfigured,
    NeedsReauthorization,
    RateLimited,
    Unavailable,
)
from connectors.models import Connection, System
from connectors.registry import connector_for
from connectors.tokens import authorized_session, link_of
from tests.connectors.runs import run
from tests.connectors.vendor_server import Asked, Says, VendorServer, vendor_server

REFRESHED = {
    "access_token": "second-access",
    "refresh_token": "second-refresh",
    "token_type": "Bearer",
    "expires_in": 3600,
}
CALLBACK = "http://127.0.0.1:8000/connect/callback"


class ConnectorSuite:
    """A subclass sets these and overrides the methods without a body of their own."""

    window: ClassVar[str]
    """The key of a window, asked at `data_path`."""
    data_path: ClassVar[str]
    token_path: ClassVar[str] = "/token"
    expected: ClassVar[set[str]]
    """`Type/id` of everything that `happy` serves."""

    def make_system(self, server: VendorServer) -> System:
        """The catalogue row, stored, with every address at the server."""
        raise NotImplementedError

    def happy(self, server: VendorServer) -> None:
        """Serve an account with data."""
        raise NotImplementedError

    def two_pages(self, server: VendorServer) -> None:
        """Serve the same data in two pages, one item in both."""
        raise NotImplementedError

    def page_loop(self, server: VendorServer) -> None:
        """Serve a page at `data_path` whose next page is itself."""
        raise NotImplementedError

    def error_inside_a_200(self) -> Says:
        """An error that the vendor reports with status 200, meaning "not now"."""
        raise NotImplementedError

    def grant(self) -> dict[str, object]:
        """The vendor's own members of a token answer."""
        return {}

    # --- the stage ----------------------------------------------------------------------------

    @pytest.fixture
    def server(self) -> Iterator[VendorServer]:
        with vendor_server() as server:
            server.says(self.token_path, Says(body=REFRESHED))
            self.happy(server)
            yield server

    @pytest.fixture
    def system(self, server: VendorServer, db: None) -> System:
        return self.make_system(server)

    @pytest.fixture
    def connection(self, system: System, alice: AppUser, now: datetime) -> Connection:
        return self.linked(system, alice, now)

    def linked(self, system: System, user: AppUser, now: datetime) -> Connection:
        """A connection with tokens that are good for an hour."""
        base = system.resource_url
        return Connection.objects.create(
            public_id="c_suite",
            app_user=user,
            system=system,
            base=base if system.kind == "clinical" else f"{base}/user/acc-1",
            iss=base,
            account="acc-1",
            access_token="first-access",
            refresh_token="first-refresh",
            token_expires_at=now + timedelta(hours=1),
            connected_at=now,
            next_sync_at=now,
        )

    def expire(self, connection: Connection, now: datetime) -> None:
        Connection.objects.filter(pk=connection.pk).update(
            token_expires_at=now - timedelta(minutes=1)
        )

    def fetch_window(self, connection: Connection, now: datetime) -> list[Page]:
        """Ask the one window only."""
        row = Connection.objects.select_related("system").get(pk=connection.pk)
        link = link_of(row)
        session = authorized_session(row.pk, now=now)
        pull = connector_for(link.slug, link.kind).open(link, session, now=now)
        windows = pull.windows(checkpoints={}, now=now)
        first = next(window for window in windows if window.key == self.window)
        return list(pull.fetch(first))

    # --- data ---------------------------------------------------------------------------------

    def test_everything_arrives(self, connection: Connection, now: datetime) -> None:
        found = run(connection, now=now)
        assert set(found.by_id()) == self.expected
        assert (found.refused, found.problems) == ({}, [])

    def test_a_second_run_brings_nothing_else(self, connection: Connection, now: datetime) -> None:
        first = run(connection, now=now)
        second = run(connection, now=now, checkpoints=first.checkpoints)
        assert second.by_id().items() <= first.by_id().items()

    def test_what_is_delivered_twice_is_one_thing(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        once = run(connection, now=now).by_id()
        self.two_pages(server)
        assert run(connection, now=now).by_id() == once

    def test_a_page_loop_ends(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        self.page_loop(server)
        with pytest.raises(Malformed):
            self.fetch_window(connection, now)

    @pytest.mark.parametrize(
        "body", [b"null", b"<html>busy</html>", b'{"entry": [', b"[]", b"\xff{}"]
    )
    def test_a_malformed_page_is_told(
        self, server: VendorServer, connection: Connection, now: datetime, body: bytes
    ) -> None:
        server.says(self.data_path, Says(body=body))
        with pytest.raises(Malformed):
            self.fetch_window(connection, now)

    def test_an_error_inside_a_200_is_an_error(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(self.data_path, self.error_inside_a_200())
        with pytest.raises(Unavailable):
            self.fetch_window(connection, now)

    def test_429_says_until_when_in_seconds(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(self.data_path, Says(status=429, headers={"Retry-After": "90"}))
        self.waits(connection, now, seconds=90)

    def test_429_says_until_when_as_a_date(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        """Their clock runs two hours late: only the difference to their own Date counts."""
        theirs = now.replace(microsecond=0) - timedelta(hours=2)
        headers = {
            "Date": format_datetime(theirs, usegmt=True),
            "Retry-After": format_datetime(theirs + timedelta(seconds=300), usegmt=True),
        }
        server.says(self.data_path, Says(status=429, headers=headers))
        self.waits(connection, now, seconds=300)

    @pytest.mark.parametrize("header", ["", "soon", "-5", "Thu, 99 Foo 2026"])
    def test_429_without_a_readable_wait_holds_a_minute(
        self, server: VendorServer, connection: Connection, now: datetime, header: str
    ) -> None:
        server.says(self.data_path, Says(status=429, headers={"Retry-After": header}))
        self.waits(connection, now, seconds=60)

    def waits(self, connection: Connection, now: datetime, *, seconds: int) -> None:
        with pytest.raises(RateLimited) as told:
            self.fetch_window(connection, now)
        wait = (told.value.until - now).total_seconds()
        assert seconds <= wait < seconds + 30

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_server_error_passes(
        self, server: VendorServer, connection: Connection, now: datetime, status: int
    ) -> None:
        server.says(self.data_path, Says(status=status, headers={"Retry-After": "120"}))
        with pytest.raises(Unavailable) as told:
            self.fetch_window(connection, now)
        assert told.value.until is not None
        assert told.value.until >= now + timedelta(seconds=120)

    def test_a_server_that_is_not_there_passes(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        session = authorized_session(connection.pk, now=now)
        link = link_of(Connection.objects.select_related("system").get(pk=connection.pk))
        pull = connector_for(link.slug, link.kind).open(link, session, now=now)
        windows = pull.windows(checkpoints={}, now=now)
        server.close()
        server.says(self.data_path, Says(status=503))
        with pytest.raises(Unavailable):
            list(pull.fetch(next(w for w in windows if w.key == self.window)))

    def test_a_refused_window_leaves_the_others(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(self.data_path, Says(status=403))
        found = run(connection, now=now)
        assert set(found.refused) == {self.window}
        assert found.checkpoints
        assert self.window not in found.checkpoints

    def test_a_redirect_to_another_origin_is_not_followed(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        with vendor_server() as other:
            other.says("/stolen", Says(body={}))
            server.says(
                self.data_path, Says(status=302, headers={"Location": f"{other.url}/stolen"})
            )
            with pytest.raises(ConnectorError):
                self.fetch_window(connection, now)
            assert other.asked == []

    # --- tokens -------------------------------------------------------------------------------

    def test_the_token_is_sent_to_the_source(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        self.fetch_window(connection, now)
        asked = server.asked_for(self.data_path)[0]
        assert asked.headers["Authorization"] == "Bearer first-access"

    def test_a_rotated_refresh_token_replaces_the_old_one(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(self.token_path, Says(body=REFRESHED))
        for _ in range(2):
            self.expire(connection, now)
            authorized_session(connection.pk, now=now)
        sent = [asked.form["refresh_token"] for asked in server.asked_for(self.token_path)]
        assert sent == ["first-refresh", "second-refresh"]
        connection.refresh_from_db()
        assert connection.access_token.reveal() == "second-access"
        assert connection.token_generation == 2
        assert connection.refresh_lease_until is None

    def test_a_refresh_that_brings_no_refresh_token_keeps_the_old_one(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(
            self.token_path, Says(body={"access_token": "second-access", "token_type": "bearer"})
        )
        self.expire(connection, now)
        authorized_session(connection.pk, now=now)
        connection.refresh_from_db()
        assert connection.refresh_token.reveal() == "first-refresh"
        expires = connection.token_expires_at or now
        assert timedelta(minutes=59) < expires - now < timedelta(minutes=61)

    def test_an_ended_grant_needs_the_user(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(self.token_path, Says(status=400, body={"error": "invalid_grant"}))
        self.expire(connection, now)
        with pytest.raises(NeedsReauthorization):
            authorized_session(connection.pk, now=now)

    @pytest.mark.parametrize(
        "says, error",
        [
            (Says(status=401, body={"error": "invalid_client"}), Misconfigured),
            (Says(status=404), Misconfigured),
            (Says(status=302, headers={"Location": "/elsewhere"}), Misconfigured),
            (Says(status=503, body={"error": "temporarily_unavailable"}), Unavailable),
            (Says(status=500, body=b"<html>"), Unavailable),
            (Says(status=429), RateLimited),
            (Says(body=b"<html>welcome</html>"), Malformed),
            (Says(body={"token_type": "Bearer"}), Malformed),
        ],
        ids=lambda value: getattr(value, "__name__", None) or str(value.status),
    )
    def test_a_refresh_that_fails_otherwise_never_sends_the_user_away(
        self,
        server: VendorServer,
        connection: Connection,
        now: datetime,
        says: Says,
        error: type[ConnectorError],
    ) -> None:
        server.says(self.token_path, says)
        self.expire(connection, now)
        with pytest.raises(error):
            authorized_session(connection.pk, now=now)
        connection.refresh_from_db()
        assert connection.refresh_lease_until is None
        assert connection.refresh_token.reveal() == "first-refresh"

    def test_a_401_is_answered_by_one_refresh(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(self.token_path, Says(body=REFRESHED))
        good = server.routes[self.data_path]

        def only_the_new_one(asked: Asked) -> Says:
            fresh = asked.headers["Authorization"] == "Bearer second-access"
            return good(asked) if fresh else Says(status=401)

        server.routes[self.data_path] = only_the_new_one
        assert [page for page in self.fetch_window(connection, now) if page.resources]
        assert len(server.asked_for(self.token_path)) == 1

    def test_a_source_that_refuses_its_own_new_token_is_not_asked_for_more(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(self.token_path, Says(body=REFRESHED))
        server.says(self.data_path, Says(status=401))
        found = run(connection, now=now, keep_going=True)
        assert isinstance(found.failed[self.window], Unavailable)
        assert len(server.asked_for(self.token_path)) == 1

    @pytest.mark.django_db(transaction=True)
    def test_two_threads_refresh_with_one_call(
        self, transactional_db: None, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        arrived = threading.Event()

        def slowly(asked: Asked) -> Says:
            arrived.wait(1.0)
            return Says(body=REFRESHED)

        server.routes[self.token_path] = slowly
        self.expire(connection, now)

        def one(_: int) -> str:
            try:
                session = authorized_session(connection.pk, now=now)
                return str(session.get(f"{server.url}/whoami").request.headers["Authorization"])
            finally:
                databases.close_all()

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(one, range(4)))
        assert len(server.asked_for(self.token_path)) == 1
        assert set(told) == {"Bearer second-access"}

    # --- the dance ----------------------------------------------------------------------------

    def test_the_code_becomes_a_grant(
        self, server: VendorServer, system: System, now: datetime
    ) -> None:
        server.says(self.token_path, Says(body={**REFRESHED, **self.grant(), "expires_in": "3600"}))
        grant = self.exchange(system, now)
        assert (grant.access_token, grant.refresh_token) == ("second-access", "second-refresh")
        assert grant.account == "acc-1"
        assert grant.expires_at == now + timedelta(hours=1)
        sent = server.asked_for(self.token_path)[0].form
        assert (sent["code"], sent["code_verifier"]) == ("a-code", "v" * 64)
        assert sent["redirect_uri"] == CALLBACK
        assert "second-access" not in repr(grant)

    def test_a_denial_at_the_token_endpoint_is_told(
        self, server: VendorServer, system: System, now: datetime
    ) -> None:
        denial = {"error": "access_denied", "error_description": "a-code was refused"}
        server.says(self.token_path, Says(status=400, body=denial))
        with pytest.raises(Denied) as told:
            self.exchange(system, now)
        assert told.value.error == "access_denied"
        assert "a-code" not in str(told.value)
        assert len(server.asked_for(self.token_path)) == 1, "a code is never tried twice"

    def exchange(self, system: System, now: datetime) -> dance.TokenGrant:
        return dance.exchange_code(
            system, code="a-code", code_verifier="v" * 64, redirect_uri=CALLBACK, now=now
        )
