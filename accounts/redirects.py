"""An app's registered redirect URIs: what may be registered, and which one a call means (wire
contract 5, 8.3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from accounts.models import Application

_SPACE_OR_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0]")
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class BadRedirectUri(ValueError):
    """A URI that cannot be registered; the text says why."""


def check_redirect_uri(uri: str, *, mode: str) -> str:
    """The URI as it may be registered. `http` and this machine are for test mode only. Raises
    `BadRedirectUri`.
    """
    uri = uri.strip()
    if _SPACE_OR_CONTROL.search(uri):
        raise BadRedirectUri("a redirect URL holds no spaces")
    try:
        parts = urlsplit(uri)
        host = (parts.hostname or "").lower()
        _ = parts.port
    except ValueError as error:
        raise BadRedirectUri("the redirect URL cannot be read") from error
    if parts.scheme not in ("http", "https") or not host:
        raise BadRedirectUri("a redirect URL begins with https://, or in test mode http://")
    if "*" in host:
        raise BadRedirectUri("a redirect URL names one host; it has no wildcard")
    if parts.username is not None or "#" in uri:
        raise BadRedirectUri("a redirect URL has no user name and no fragment")
    if mode != Application.TEST and (parts.scheme != "https" or host in LOCAL_HOSTS):
        raise BadRedirectUri("outside test mode a redirect URL is https and not on this machine")
    return uri


def redirect_uris(application: Application) -> Sequence[str]:
    """The registered URIs in their order; the first is the default."""
    return application.redirect_uris.split()
