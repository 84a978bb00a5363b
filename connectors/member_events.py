"""Telling the user's record what happened on the way to a connection (wire contract 15.3).

This app may not import the store, so `settings.MEMBER_EVENTS` names the module that has these
functions.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings

from connectors.models import Connection, System


class MemberEvents(Protocol):
    """The functions of that module. Each writes to the user's store and joins the caller's
    transaction."""

    @staticmethod
    def search_results(app_user_id: int, found: int, now: datetime) -> None:
        """A list of `found` systems was shown."""

    @staticmethod
    def system_selected(app_user_id: int, system: System, now: datetime) -> None:
        """The user is on the way to this system's sign-in."""

    @staticmethod
    def not_established(app_user_id: int, system: System, error: str, now: datetime) -> None:
        """The sign-in ended without a connection, for this OAuth error code."""

    @staticmethod
    def authorized(connection: Connection, now: datetime) -> None:
        """The user agreed; the data transfer begins. The connection's row is locked."""


def member_events() -> MemberEvents:
    """The module that `settings.MEMBER_EVENTS` names."""
    return cast(MemberEvents, import_module(settings.MEMBER_EVENTS))
