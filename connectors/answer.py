"""Asking an outside system once: transport failures and HTTP statuses become our errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.errors import (
    ConnectorError,
    Malformed,
    NeedsReauthorization,
    RateLimited,
    ScopeMissing,
    Unavailable,
)

WAIT = timedelta(seconds=60)
"""How long a 429 without a readable Retry-After holds."""
LONGEST_WAIT = timedelta(hours=24)
PASSING = frozenset({408, 423, 425})
"""Statuses of the 4xx family that mean "later"."""


def ask(session: requests.Session, method: str, url: str, **kwargs: Any) -> requests.Response:
    """Send one request and answer whatever came, with any status. Raises Unavailable when nothing
    came and Malformed when it could not be read.
    """
    try:
        return session.request(method, url, **kwargs)
    except (
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidSchema,
        requests.exceptions.InvalidURL,
        requests.exceptions.TooManyRedirects,
        requests.exceptions.ContentDecodingError,
    ) as error:
        raise Malformed(f"{host_of(url)}: {_plain(error)}") from error
    except requests.exceptions.Timeout as error:
        raise Unavailable(f"{host_of(url)} did not answer in time") from error
    except requests.exceptions.RequestException as error:
        raise Unavailable(f"{host_of(url)} cannot be reached") from error


def check(response: requests.Response, *, now: datetime, what: str) -> None:
    """Raise our error for every status but 2xx. `what` names the thing asked, without patient data
    ("Condition", "steps").

    400 is Malformed here; a caller for whom it means "refused" looks first.
    """
    until = retry_at(response, now=now)
    error = trouble(response.status_code, what=what, until=until, now=now)
    if error is not None:
        raise error


def trouble(
    status: int, *, what: str, until: datetime | None, now: datetime
) -> ConnectorError | None:
    """What an HTTP status means to us, None for 2xx; some sources send it inside a 200. A 401 is
    Unavailable: the session has already tried a fresh token (connectors/tokens.py).
    """
    text = f"{what}: HTTP {status}"
    if 200 <= status < 300:
        return None
    if status == 429:
        return RateLimited(text, until=until or now + WAIT)
    if status >= 500 or status in PASSING:
        return Unavailable(text, until=until)
    if status == 401:
        return Unavailable(f"{what}: the source refuses the token it has just issued")
    if status == 403:
        return ScopeMissing(f"{what}: not permitted")
    if status == 410:
        return NeedsReauthorization(f"{what}: gone for good")
    return Malformed(text)


def retry_at(response: requests.Response, *, now: datetime) -> datetime | None:
    """When the source wants to be asked again: its Retry-After, in seconds or as a date (measured
    against the source's own clock), at most a day from now; None if absent or unreadable.
    """
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text), LONGEST_WAIT.total_seconds()))
    else:
        date = http_date(text)
        if date is None:
            return None
        wait = date - (http_date(response.headers.get("Date", "")) or now)
    return now + min(max(wait, timedelta(0)), LONGEST_WAIT)


def http_date(text: str) -> datetime | None:
    """An HTTP date as an instant in UTC; None if it is none."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def host_of(url: str) -> str:
    """The host of a URL, for messages: never its path or query."""
    try:
        return urlsplit(url).hostname or "the source"
    except ValueError:
        return "the source"


def _plain(error: requests.exceptions.RequestException) -> str:
    name = type(error).__name__
    return {"TooManyRedirects": "too many redirects"}.get(name, "not a readable address or answer")
