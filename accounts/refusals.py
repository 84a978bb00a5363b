"""The one kind of error this app raises at its border: it knows the status, body and headers the
caller is answered with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """A call that is answered with `status`, the JSON `body` and extra `headers`.

    The subclasses say which rule refused it; an edge turns any of them into an answer with
    `accounts.answers.refusal`. Nothing in it is secret, so it may be logged.
    """

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {dict(body)}")
        self.status = status
        self.body = dict(body)
        self.headers = dict(headers or {})


def failure(error: str) -> dict[str, Any]:
    """The error body of user management and connect (wire contract 4)."""
    return {"success": False, "error": error}
