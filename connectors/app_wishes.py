"""What an app may ask for along with a link: where to return to, and a word of its own to be
returned (wire contract 8.3, 9).
"""

from __future__ import annotations

from accounts.models import Application
from accounts.redirects import redirect_uris
from connectors.refusals import BadState, UnregisteredRedirect

LONGEST_STATE = 2048


def registered_redirect(application: Application, asked: str) -> str:
    """The registered URI that was asked for, the first where none was; empty for an app that has
    none. Raises `UnregisteredRedirect`.
    """
    registered = redirect_uris(application)
    if asked and asked not in registered:
        raise UnregisteredRedirect
    return asked or default_redirect(application)


def redirect_or_default(application: Application, asked: str) -> str:
    """The URI that was asked for where it is registered, the first registered one otherwise."""
    return asked if asked in redirect_uris(application) else default_redirect(application)


def default_redirect(application: Application) -> str:
    """The first registered redirect URI, or empty."""
    return next(iter(redirect_uris(application)), "")


def readable_state(state: str) -> str:
    """The app's own state as it can be stored and echoed. Raises `BadState`."""
    unstorable = any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in state)
    if unstorable or len(state) > LONGEST_STATE:
        raise BadState
    return state
