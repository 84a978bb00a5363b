"""The one way out: every request to an outside system leaves through `outbound_session`.

It carries time limits, a size limit, the address policy, one shared TLS context (loading the CA
bundle per connection would dominate a poll), no cookies, no proxy or netrc from the environment,
and follows no redirect to another origin. Connections are kept and shared between sessions of the
same policy, because a token travels in a header, not in the connection.
"""

from __future__ import annotations

import socket
import ssl
from functools import lru_cache, partial
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager
from urllib3.util.connection import create_connection

from connectors.address_policy import PORTS, AddressPolicy, origin
from connectors.errors import AddressRefused, Malformed, Unavailable

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
ANSWER_SECONDS = 120.0
"""A whole answer must have arrived by then, however slowly its bytes trickle."""
ANSWER_BYTES = 32 * 1024 * 1024
USER_AGENT = "Careweave/1"


class OutboundSession(requests.Session):
    """A `requests.Session` under the outbound policy. Threads may each have their own."""

    def __init__(self, policy: AddressPolicy) -> None:
        super().__init__()
        equip(self, policy)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Only redirects within the same origin are followed; others come back as they are."""
        target = super().get_redirect_target(resp)
        if target is None or urlsplit(target).netloc == "":
            return target
        try:
            return target if origin(target) == origin(resp.url) else None
        except ValueError:
            return None


def outbound_session(policy: AddressPolicy) -> OutboundSession:
    """A session for one system's addresses."""
    return OutboundSession(policy)


def equip(session: requests.Session, policy: AddressPolicy) -> None:
    """Put a foreign kind of session (requests-oauthlib's) under the outbound policy."""
    adapter = _adapter(policy)
    session.trust_env = False
    session.max_redirects = 3
    session.headers["User-Agent"] = USER_AGENT
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for prefix in ("http://", "https://"):
        session.mount(prefix, adapter)


class GuardedAdapter(HTTPAdapter):
    """Sends under a policy, and reads the answer whole within the limits of size and time."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        super().__init__(pool_connections=64, pool_maxsize=32)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        self.poolmanager = _Pools(
            self._policy,
            num_pools=connections,
            maxsize=maxsize,
            block=block,
            ssl_context=_tls(),
            **pool_kwargs,
        )

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Always verified, against the shared context: nothing is loaded per connection."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        parts = urlsplit(request.url or "")
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
        if parts.scheme != "https" and not self._policy.names(host=host, port=port):
            raise AddressRefused("plain http is only used for hosts that an operator allowed")
        answer = super().send(
            request,
            stream=True,
            timeout=timeout or (CONNECT_SECONDS, READ_SECONDS),
            verify=True,
            cert=None,
            proxies=None,
        )
        _read(answer)
        return answer

    def close(self) -> None:
        """Does nothing: the connections belong to every session of this policy."""


def _read(answer: requests.Response) -> None:
    late = monotonic() + ANSWER_SECONDS
    body = bytearray()
    try:
        for chunk in answer.iter_content(64 * 1024):
            body += chunk
            if len(body) > ANSWER_BYTES:
                raise Malformed(f"the answer is larger than {ANSWER_BYTES >> 20} MB")
            if monotonic() > late:
                raise Unavailable("the answer took too long")
    finally:
        answer.close()
    answer._content = bytes(body)  # what `stream=False` would have done, but bounded


class _Pools(PoolManager):
    """Connection pools whose connections ask the policy about the address they connect to."""

    def __init__(self, policy: AddressPolicy, **kwargs: Any) -> None:
        self._policy = policy
        super().__init__(**kwargs)

    def _new_pool(
        self, scheme: str, host: str, port: int, request_context: dict[str, Any] | None = None
    ) -> Any:
        pool = super()._new_pool(scheme, host, port, request_context)
        kind = _TlsConnection if scheme == "https" else _PlainConnection
        pool.ConnectionCls = partial(kind, policy=self._policy)  # type: ignore[assignment]
        return pool


class _PlainConnection(HTTPConnection):
    def __init__(self, *args: Any, policy: AddressPolicy, **kwargs: Any) -> None:
        self._policy = policy
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return _connected(self, "http", self._policy)


class _TlsConnection(HTTPSConnection):
    def __init__(self, *args: Any, policy: AddressPolicy, **kwargs: Any) -> None:
        self._policy = policy
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return _connected(self, "https", self._policy)


def _connected(conn: HTTPConnection, scheme: str, policy: AddressPolicy) -> socket.socket:
    """A socket to the first address of the host that answers, each checked before it is called."""
    port = conn.port or PORTS[scheme]
    try:
        found = socket.getaddrinfo(conn.host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(conn.host, conn, socket.gaierror(str(error))) from error
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    allowed = [
        address
        for address in addresses
        if policy.permits(scheme=scheme, host=conn.host, port=port, address=address)
    ]
    if not allowed:
        raise AddressRefused("the host's address is private and no operator allowed it")
    problem: OSError | None = None
    for address in allowed:
        try:
            return create_connection(
                (address, port), conn.timeout, conn.source_address, conn.socket_options
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(conn, "connecting took too long") from error
        except OSError as error:
            problem = error
    raise NewConnectionError(conn, f"no connection: {problem}") from problem


@lru_cache(maxsize=256)
def _adapter(policy: AddressPolicy) -> GuardedAdapter:
    return GuardedAdapter(policy)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())
