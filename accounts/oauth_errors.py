"""The errors of the token endpoints, in the historic and the modern wording (wire contract 7.3)."""

from __future__ import annotations

from enum import Enum
from typing import Any

from django.conf import settings

from accounts.refusals import Refused

_NO_CREDENTIALS = "Invalid client: cannot retrieve client credentials"
_BAD_GRANT_TYPE = "Invalid or missing grant_type parameter"


class Case(Enum):
    """A row of the table: legacy text, modern text, legacy `error`, modern `error`."""

    UNKNOWN_CODE = (
        "Invalid code",
        "Invalid grant: authorization code is invalid",
        "invalid_grant",
    )
    EXPIRED_CODE = (
        "Code has expired",
        "Invalid grant: authorization code has expired",
        "invalid_grant",
    )
    NO_CODE = ('No "code" parameter', "Missing parameter: `code`", "invalid_request")
    BAD_CLIENT = (
        "Client credentials are invalid",
        "Invalid client: client is invalid",
        "invalid_client",
    )
    NO_CLIENT_ID = ("Invalid or missing client_id parameter", _NO_CREDENTIALS, "invalid_client")
    NO_SECRET = ("Missing client_secret parameter", _NO_CREDENTIALS, "invalid_client")
    BAD_GRANT_TYPE = (
        _BAD_GRANT_TYPE,
        "Unsupported grant type: `grant_type` is invalid",
        "invalid_request",
        "unsupported_grant_type",
    )
    NO_GRANT_TYPE = (_BAD_GRANT_TYPE, "Missing parameter: `grant_type`", "invalid_request")
    BAD_REFRESH_TOKEN = (
        "Invalid refresh token",
        "Invalid grant: refresh token is invalid",
        "invalid_grant",
    )
    EXPIRED_REFRESH_TOKEN = (
        "Refresh token has expired",
        "Invalid grant: refresh token has expired",
        "invalid_grant",
    )
    NO_REFRESH_TOKEN = (
        'No "refresh_token" parameter',
        "Missing parameter: `refresh_token`",
        "invalid_request",
    )
    BAD_SCOPE = (
        "The scope is malformed or more than was granted",
        "Invalid scope: it is malformed or more than was granted",
        "invalid_scope",
    )
    NO_TOKEN = ('No "token" parameter', "Missing parameter: `token`", "invalid_request")
    CONFLICTING_HEADERS = (
        "The client headers contradict each other",
        "Invalid request: the client headers contradict each other",
        "invalid_request",
    )
    BAD_METHOD = (
        "Only POST is possible here",
        "Invalid request: method must be POST",
        "invalid_request",
    )
    FAULT = (
        "The server could not answer, please try again",
        "The server could not answer, please try again",
        "server_error",
    )


class OAuthRefused(Refused):
    """A refused call to a token endpoint, worded by `settings.OAUTH_ERROR_STYLE`."""

    def __init__(
        self, case: Case, *, status: int = 400, headers: dict[str, str] | None = None
    ) -> None:
        legacy, modern, *codes = case.value
        is_modern = settings.OAUTH_ERROR_STYLE == "modern"
        super().__init__(
            status,
            error_body(
                codes[-1] if is_modern else codes[0], modern if is_modern else legacy, status
            ),
            headers,
        )
        self.case = case


def error_body(error: str, description: str, status: int = 400) -> dict[str, Any]:
    """The body of an OAuth error; the legacy style repeats the status in `code`."""
    body = {"error": error, "error_description": description}
    return body if settings.OAUTH_ERROR_STYLE == "modern" else {"code": status, **body}


def bad_client(reason: str, *, basic: bool) -> OAuthRefused:
    """The refusal of a client that `BadClient.reason` tells of: 401 with a challenge when it came
    by HTTP Basic.
    """
    if basic:
        return OAuthRefused(Case.BAD_CLIENT, status=401, headers={"WWW-Authenticate": "Basic"})
    cases = {"no_id": Case.NO_CLIENT_ID, "no_secret": Case.NO_SECRET, "bad": Case.BAD_CLIENT}
    return OAuthRefused(cases[reason])
