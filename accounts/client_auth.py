"""Which client app is calling? Its id and secret, checked against digests."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote_plus

from accounts.digests import digest
from accounts.models import Application
from accounts.refusals import Refused, failure

_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,255}")


class BadClient(Refused):
    """No client, an unknown one or a wrong secret (wire contract 6.6). `reason` is `no_id`,
    `no_secret` or `bad`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(401, failure("invalid client credentials"))
        self.reason = reason


def authenticate_client(given: Mapping[str, str], *, now: datetime) -> Application:
    """The application whose `client_id` and `client_secret` are among `given`. Raises
    `BadClient`.
    """
    client_id, secret = given.get("client_id", ""), given.get("client_secret", "")
    if not client_id:
        raise BadClient("no_id")
    if not secret:
        raise BadClient("no_secret")
    application = find_application(client_id)
    if application is None or not secret_fits(
        secret,
        current=application.secret_digest,
        previous=application.previous_secret_digest,
        previous_expires=application.previous_secret_expires,
        now=now,
    ):
        raise BadClient("bad")
    return application


def basic_credentials(authorization: str) -> dict[str, str] | None:
    """`client_id` and `client_secret` of an `Authorization: Basic` header; None when the header is
    another or absent.

    A Basic header that cannot be read gives empty text for both.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        pair = ""
    client_id, _, secret = pair.partition(":")
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def find_application(client_id: str) -> Application | None:
    """The application of this client id, or None, also for text no client id can be."""
    if not is_client_id(client_id):
        return None
    return Application.objects.filter(client_id=client_id).first()


def is_client_id(text: str) -> bool:
    """Whether the text may be looked up: visible ASCII, so that no character upsets the
    database.
    """
    return _CLIENT_ID.fullmatch(text) is not None


def secret_fits(
    secret: str,
    *,
    current: str,
    previous: str,
    previous_expires: datetime | None,
    now: datetime,
) -> bool:
    """Whether this is the secret, or the one before it while its grace time runs (wire contract 5).
    Takes constant time.
    """
    given = digest(secret)
    is_current = hmac.compare_digest(given, current)
    is_previous = hmac.compare_digest(given, previous)
    return is_current or (is_previous and previous_expires is not None and now < previous_expires)
