"""A new secret on its way to the page that shows it once: encrypted in the session, taken out by
the first look, and gone after ten minutes in any case."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

from accounts.encryption import decrypt, encrypt

_KEY = "console_new_secret"
KEPT = timedelta(minutes=10)


def keep_for_one_look(request: HttpRequest, *, slug: str, secret: str, now: datetime) -> None:
    """Keep the secret of this app for the next page about it."""
    request.session[_KEY] = {"app": slug, "secret": encrypt(secret), "at": now.timestamp()}


def take(request: HttpRequest, *, slug: str, now: datetime) -> str:
    """The app's new secret, the first time it is asked for; empty after that."""
    kept = request.session.get(_KEY)
    if not kept or kept["app"] != slug:
        return ""
    del request.session[_KEY]
    fresh = now.timestamp() - kept["at"] < KEPT.total_seconds()
    return decrypt(kept["secret"]) if fresh else ""
