"""An authorization request, checked.

May this client send a person here, and where do they go afterwards?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connectors.sandbox.house import CLIENT_ID, House


class Refused(Exception):
    """The request is wrong in a way that is told on a page: nobody may be sent to that address."""


class RefusedToApp(Exception):
    """The request is wrong, but the address is good: the error goes there."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, kw_only=True)
class AuthorizeRequest:
    """What the client asked for. `offline` is whether it may have a refresh token."""

    client_id: str
    redirect_uri: str
    state: str
    scope: str
    challenge: str
    offline: bool

    def back(self, **values: str) -> str:
        """The client's address with `values` and the state added."""
        parts = urlsplit(self.redirect_uri)
        query = parse_qsl(parts.query, keep_blank_values=True)
        query += [(name, value) for name, value in values.items() if value]
        if self.state:
            query.append(("state", self.state))
        return urlunsplit(parts._replace(query=urlencode(query)))


def read(house: House, query: Mapping[str, str], *, audience: str) -> AuthorizeRequest:
    """The request in `query`, client and address checked. Raises Refused."""
    client_id, redirect_uri = query.get("client_id", ""), query.get("redirect_uri", "")
    if client_id != CLIENT_ID:
        raise Refused(f"The client id is not known here. The sandbox knows one: {CLIENT_ID}.")
    target = urlsplit(redirect_uri)
    if target.scheme not in ("http", "https") or not target.netloc or target.fragment:
        raise Refused("The redirect_uri has to be an http or https address without a fragment.")
    google = house.kind == "device"
    return AuthorizeRequest(
        client_id=client_id,
        redirect_uri=redirect_uri,
        state=query.get("state", ""),
        scope=query.get("scope", ""),
        challenge=query.get("code_challenge", ""),
        offline=query.get("access_type") == "offline" if google else True,
    )


def check(house: House, query: Mapping[str, str], *, audience: str) -> None:
    """The rest of the rules. Raises RefusedToApp."""
    if query.get("response_type") != "code":
        raise RefusedToApp("unsupported_response_type", "response_type has to be code")
    if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
        raise RefusedToApp("invalid_request", "code_challenge_method has to be S256")
    wanted = query.get("aud", "").rstrip("/")
    if house.kind == "clinical" and wanted:
        bases = {account.base for account in house.accounts}
        path = urlsplit(audience).path
        if wanted not in bases and urlsplit(wanted).path != path:
            raise RefusedToApp("invalid_request", "aud is not this server's FHIR base")
