"""What the connect endpoints refuse, each with its status and literal text (wire contract 8.3, 9,
10).
"""

from __future__ import annotations

from accounts.refusals import Refused, failure


class ConnectRefused(Refused):
    """Base of this app's refusals. `status` and `error` are the class's own."""

    status_code = 400
    error = ""

    def __init__(self) -> None:
        super().__init__(self.status_code, failure(self.error))


class InvalidToken(ConnectRefused):
    """No access token, a bad or expired one, or one of another client than named."""

    status_code, error = 401, "invalid access token"

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"WWW-Authenticate": "Bearer"}


class UnknownSystem(ConnectRefused):
    status_code, error = 404, "unknown system"


class NotSetUp(ConnectRefused):
    """The operator has no client credentials for the system yet."""

    status_code, error = 409, "this system is not set up yet"


class LinkGone(ConnectRefused):
    """A session link, a visit or a dance that is over."""

    status_code, error = 410, "this link has expired or was already used"


class UnknownReturn(ConnectRefused):
    """Someone came to the callback with a state that was never given out."""

    status_code, error = 400, "unknown state"


class OtherBrowser(ConnectRefused):
    """A return from a source in a browser that began no such dance."""

    status_code, error = 400, "this was started in another browser"


class SourceAway(ConnectRefused):
    """A source that cannot be asked, for an app that has no address to return to."""

    status_code, error = 503, "the source does not answer at the moment"


class UnregisteredRedirect(ConnectRefused):
    status_code, error = 400, "redirect_uri is not registered"


class BadState(ConnectRefused):
    status_code, error = 400, "state is longer than 2048 characters or not valid text"


class UnknownConnection(ConnectRefused):
    """No such connection, or one of somebody else: the same for both."""

    status_code, error = 404, "unknown connection"


class UnconfirmedErasure(ConnectRefused):
    status_code, error = 400, "confirm must be the oneup_user_id whose data is to be erased"


class BadFilter(ConnectRefused):
    def __init__(self, name: str, expected: str) -> None:
        self.error = f"{name} must be {expected}"
        super().__init__()
