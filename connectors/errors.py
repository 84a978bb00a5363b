"""What can go wrong when talking to an outside system: small named errors that carry what the
caller has to do.
"""

from __future__ import annotations

from datetime import datetime


class ConnectorError(Exception):
    """Base of all failures of an outside system. `code` is wire contract 10's `last_error.code`;
    `str()` is safe to show: it never holds tokens, bodies or addresses with a query.
    """

    code = "internal"


class Denied(ConnectorError):
    """The user or the system refused the link. `error` is the OAuth error code."""

    code = "authorization_expired"

    def __init__(self, error: str = "access_denied", description: str = "") -> None:
        super().__init__(description or error)
        self.error = error
        self.description = description


class NeedsReauthorization(ConnectorError):
    """The grant is gone (`invalid_grant`, revoked, HTTP 410): only the user can mend it."""

    code = "authorization_expired"


class ScopeMissing(ConnectorError):
    """This one type or metric is refused (403); the others go on."""

    code = "scope_missing"


class RateLimited(ConnectorError):
    """429. `until` is the instant before which nothing should be asked."""

    code = "rate_limited"

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class Unavailable(ConnectorError):
    """5xx, time-out, no connection: try again later. `until` is the source's own Retry-After, if it
    named one."""

    code = "source_unavailable"

    def __init__(self, message: str, *, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class Malformed(ConnectorError):
    """The answer makes no sense: not JSON, a page loop, too large."""

    code = "bad_data"


class Misconfigured(ConnectorError):
    """Our own set-up is wrong (`invalid_client`, an unknown slug, no token endpoint): an operator
    has to act, never the user."""

    code = "internal"


class AddressRefused(Misconfigured):
    """The outbound policy forbids that address (connectors/http.py)."""
