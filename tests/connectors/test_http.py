"""The one way out: where it goes, how much it takes, and how long it waits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from connectors import http
from connectors.address_policy import AddressPolicy, address_policy, is_public, origin
from connectors.answer import ask
from connectors.errors import AddressRefused, Malformed, Unavailable
from connectors.http import outbound_session
from tests.connectors.vendor_server import Says, VendorServer, vendor_server


@pytest.fixture
def server() -> Iterator[VendorServer]:
    with vendor_server() as running:
        running.says("/", Says(body={"ok": True}))
        yield running


def named(*hosts: str) -> AddressPolicy:
    return AddressPolicy(frozenset(hosts))


@pytest.mark.parametrize(
    "address, public",
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::93.184.216.34", True),
        ("not an address", False),
    ],
)
def test_only_the_public_internet_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "scheme, host, allowed, permitted",
    [
        ("https", "93.184.216.34", (), True),
        ("http", "93.184.216.34", (), False),
        ("https", "10.0.0.1", (), False),
        ("https", "10.0.0.1", ("10.0.0.1",), True),
        ("http", "10.0.0.1", ("10.0.0.1:8080",), True),
        ("http", "10.0.0.1", ("10.0.0.1:8081",), False),
    ],
)
def test_a_private_address_needs_a_name(
    scheme: str, host: str, allowed: tuple[str, ...], permitted: bool
) -> None:
    policy = named(*allowed)
    assert policy.permits(scheme=scheme, host=host, port=8080, address=host) is permitted


def test_the_policy_names_operators_hosts_and_the_sandbox_while_it_is_on(
    settings: Settings,
) -> None:
    settings.ALLOWED_OUTBOUND_HOSTS = ["EHR.internal", "box:99"]
    settings.SANDBOX, settings.SANDBOX_URL = True, "http://127.0.0.1:9123"
    assert address_policy(allow_host="lab:1").named == {
        "ehr.internal",
        "box:99",
        "127.0.0.1:9123",
        "lab:1",
    }
    settings.SANDBOX = False
    assert address_policy().named == {"ehr.internal", "box:99"}


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("https://A.example", "https://a.example:443/x?y", True),
        ("http://a.example", "https://a.example", False),
        ("https://a.example", "https://a.example:444", False),
        ("https://a.example", "https://a.example.evil.example", False),
        ("https://a.example", "https://a.example@evil.example", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert (origin(one) == origin(other)) is same


def test_a_named_host_is_reached(server: VendorServer) -> None:
    with outbound_session(named(server.url.removeprefix("http://"))) as session:
        assert ask(session, "GET", f"{server.url}/").json() == {"ok": True}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_unnamed_private_host_is_not_even_connected_to(
    server: VendorServer, scheme: str
) -> None:
    url = server.url.replace("http", scheme, 1)
    with outbound_session(named()) as session, pytest.raises(AddressRefused):
        ask(session, "GET", url)
    assert server.asked == []


def test_a_name_that_resolves_to_a_private_address_is_refused(server: VendorServer) -> None:
    port = server.url.rpartition(":")[2]
    with outbound_session(named()) as session, pytest.raises(AddressRefused):
        ask(session, "GET", f"https://localhost:{port}/")
    assert server.asked == []


def test_sessions_of_one_policy_share_their_connections(server: VendorServer) -> None:
    policy = named(server.url.removeprefix("http://"))
    for _ in range(3):
        with outbound_session(policy) as session:
            ask(session, "GET", f"{server.url}/")
    assert len({asked.port for asked in server.asked}) == 1


def test_a_redirect_stays_within_the_origin(server: VendorServer) -> None:
    policy = named("127.0.0.1")
    with vendor_server() as other, outbound_session(policy) as session:
        other.says("/", Says(body={"stolen": True}))
        server.says("/away", Says(status=307, headers={"Location": other.url}))
        server.says("/within", Says(status=302, headers={"Location": "/"}))
        server.says("/round", Says(status=302, headers={"Location": "/round"}))
        assert ask(session, "POST", f"{server.url}/away", data={"secret": 1}).status_code == 307
        assert other.asked == []
        assert ask(session, "GET", f"{server.url}/within").json() == {"ok": True}
        with pytest.raises(Malformed):
            ask(session, "GET", f"{server.url}/round")


def test_an_answer_that_is_too_large_is_cut_off(
    server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_BYTES", 100_000)
    server.says("/large", Says(body=b"x" * 200_000))
    with outbound_session(named("127.0.0.1")) as session, pytest.raises(Malformed, match="larger"):
        ask(session, "GET", f"{server.url}/large")


def test_an_answer_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.3)
    session = outbound_session(named("127.0.0.1"))
    with _trickling() as port, pytest.raises(Unavailable):
        ask(session, "GET", f"http://127.0.0.1:{port}/")


def test_an_answer_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        session = outbound_session(named("127.0.0.1"))
        with pytest.raises(Unavailable, match="in time"):
            ask(session, "GET", url)


def test_cookies_and_environment_play_no_part(
    server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.says("/", Says(body={}, headers={"Set-Cookie": "a=b"}))
    with outbound_session(named("127.0.0.1")) as session:
        for _ in range(2):
            ask(session, "GET", f"{server.url}/")
    assert all("Cookie" not in asked.headers for asked in server.asked)


def test_errors_never_show_the_address(server: VendorServer) -> None:
    url = f"{server.url}/p?access_token=secret"
    server.close()
    with pytest.raises(Unavailable) as told:
        ask(outbound_session(named("127.0.0.1")), "GET", url)
    assert "secret" not in str(told.value)
    assert "127.0.0.1" in str(told.value)


class _trickling:
    """A server that sends a byte now and then, for ever."""

    def __enter__(self) -> int:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._done = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()
        return int(self._server.getsockname()[1])

    def __exit__(self, *_: Any) -> None:
        self._done.set()
        self._server.close()

    def _serve(self) -> None:
        peer, _ = self._server.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not self._done.wait(0.05):
                try:
                    peer.sendall(b"1\r\nx\r\n")
                except OSError:
                    return
