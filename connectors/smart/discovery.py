"""Where a FHIR server's OAuth endpoints are and what it can search.

SMART configuration first; servers older than that say it in the security extension of their
CapabilityStatement (DSTU2: Conformance). Both are kept in memory for a day, per server, not per
connection; of a statement, which may be megabytes, only what prunes the search plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urljoin

import requests

from connectors.answer import ask, check
from connectors.errors import Malformed, Misconfigured, NeedsReauthorization, ScopeMissing

KEPT = timedelta(hours=24)
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a server offers. `searches` maps a type to its search parameter names; None: the server
    publishes no statement, so nothing is known.
    """

    searches: Mapping[str, frozenset[str]] | None = None
    oauth: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """OAuth endpoints of a server; `revoke` may be empty."""

    authorize: str
    token: str
    revoke: str = ""
    auth_methods: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()


class _Kept:
    """Answers by server, for a day."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: dict[tuple[str, str], tuple[datetime, Any]] = {}

    def get(self, kind: str, base: str, now: datetime) -> Any:
        with self._lock:
            at, value = self._rows.get((kind, base), (now - KEPT, None))
        return value if now - at < KEPT else None

    def put(self, kind: str, base: str, now: datetime, value: Any) -> None:
        with self._lock:
            if len(self._rows) >= 5000:
                self._rows.clear()
            self._rows[kind, base] = (now, value)

    def forget(self, base: str) -> None:
        with self._lock:
            for kind in ("endpoints", "statement"):
                self._rows.pop((kind, base), None)


_kept = _Kept()


def forget(base: str) -> None:
    """Ask a server anew at the next need: its token endpoint has moved or refuses us."""
    _kept.forget(base)


def endpoints(
    session: requests.Session, base: str, *, headers: Mapping[str, str], now: datetime
) -> Endpoints:
    """The OAuth endpoints of the server at `base`. Raises Misconfigured when it publishes none."""
    found: Endpoints | None = _kept.get("endpoints", base, now)
    if found is None:
        found = _smart_configuration(session, base, now)
        if found is None:
            uris = statement(session, base, headers=headers, now=now).oauth
            if "authorize" not in uris or "token" not in uris:
                raise Misconfigured("the server publishes no OAuth endpoints")
            found = Endpoints(
                authorize=uris["authorize"], token=uris["token"], revoke=uris.get("revoke", "")
            )
        _kept.put("endpoints", base, now, found)
    return found


def statement(
    session: requests.Session, base: str, *, headers: Mapping[str, str], now: datetime
) -> Statement:
    """What the server at `base` says it can do; an empty Statement where it does not say."""
    found: Statement | None = _kept.get("statement", base, now)
    if found is None:
        response = ask(session, "GET", f"{base}/metadata", headers=headers)
        try:
            check(response, now=now, what="metadata")
            found = _read(response.json(), base)
        except (Malformed, ScopeMissing, NeedsReauthorization, ValueError):
            found = Statement()
        _kept.put("statement", base, now, found)
    return found


def _smart_configuration(session: requests.Session, base: str, now: datetime) -> Endpoints | None:
    url = f"{base}/.well-known/smart-configuration"
    response = ask(session, "GET", url, headers={"Accept": "application/json"})
    try:
        check(response, now=now, what="smart-configuration")
        body = response.json()
    except (Malformed, ScopeMissing, NeedsReauthorization, ValueError):
        return None
    if not isinstance(body, dict):
        return None
    urls = {
        name: urljoin(f"{base}/", body[name])
        for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
        if isinstance(body.get(name), str) and body[name]
    }
    if "authorization_endpoint" not in urls or "token_endpoint" not in urls:
        return None
    return Endpoints(
        authorize=urls["authorization_endpoint"],
        token=urls["token_endpoint"],
        revoke=urls.get("revocation_endpoint", ""),
        auth_methods=_words(body.get("token_endpoint_auth_methods_supported")),
        capabilities=_words(body.get("capabilities")),
    )


def _read(body: Any, base: str) -> Statement:
    if not isinstance(body, dict) or body.get("resourceType") not in (
        "CapabilityStatement",
        "Conformance",
    ):
        return Statement()
    searches: dict[str, frozenset[str]] = {}
    oauth: dict[str, str] = {}
    for rest in _dicts(body.get("rest")):
        for row in _dicts(rest.get("resource")):
            names = {str(p.get("name")) for p in _dicts(row.get("searchParam"))}
            searches[str(row.get("type"))] = frozenset(names)
        security = rest.get("security")
        if isinstance(security, dict):
            oauth.update(_oauth(_dicts(security.get("extension")), base))
    return Statement(searches=searches or None, oauth=oauth)


def _oauth(extensions: Iterable[dict[str, Any]], base: str) -> dict[str, str]:
    """Both shapes: nested under `oauth-uris`, and the older flat `…#authorize`."""
    found: dict[str, str] = {}
    for row in extensions:
        url, value = str(row.get("url", "")), row.get("valueUri")
        if url == OAUTH_URIS:
            found.update(_oauth(_dicts(row.get("extension")), base))
        elif isinstance(value, str) and value:
            found[url.rpartition("#")[2]] = urljoin(f"{base}/", value)
    return found


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else ()
