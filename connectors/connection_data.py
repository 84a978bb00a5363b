"""The other side of connection management: what only those who know the data can do.

This app may not import the store or the sync engine, so `settings.CONNECTION_DATA` names the module
that has these functions (wire contract 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings

from connectors.models import Connection


class ConnectionData(Protocol):
    """The functions of that module."""

    @staticmethod
    def delete_connection_data(connection_id: int, now: datetime) -> None:
        """Hide at once, and in time remove, what a connection imported."""

    @staticmethod
    def delete_user_data(app_user_id: int, now: datetime) -> None:
        """Hide at once, and in time remove, all data of a user in all versions."""

    @staticmethod
    def resource_counts(connection_ids: Sequence[int]) -> Mapping[int, int]:
        """How many resources each connection has in the store."""

    @staticmethod
    def request_refresh(connection_ids: Sequence[int], now: datetime) -> set[int]:
        """Have these connections polled now; those that were queued."""

    @staticmethod
    def sync_interval(connection: Connection) -> int:
        """The real period in seconds of a connection with its system."""

    @staticmethod
    def ledger(connection_id: int) -> Sequence[Mapping[str, Any]]:
        """What was asked of the source and how it answered, newest first, ready for JSON."""


def connection_data() -> ConnectionData:
    """The module that `settings.CONNECTION_DATA` names."""
    return cast(ConnectionData, import_module(settings.CONNECTION_DATA))
