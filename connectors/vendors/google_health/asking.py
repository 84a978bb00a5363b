"""Requests to the Google Health API: its filter language and its dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from connectors.metric import Call, Row, Span


def listing(kind: str, field: str, *, page_size: int = 1000) -> Callable[[Span, str | None], Call]:
    """Asks for the points whose time `field` lies in the span."""

    def ask(span: Span, token: str | None) -> Call:
        condition = f'{field} >= "{utc(span.start)}" AND {field} < "{utc(span.end)}"'
        return listed(kind, condition, token, page_size=page_size)

    return ask


def listed(kind: str, condition: str, token: str | None, *, page_size: int = 1000) -> Call:
    """A page of `dataPoints` under a filter; 25 is the most for sleep and exercise."""
    params = {"filter": condition, "pageSize": str(page_size)}
    if token:
        params["pageToken"] = token
    return Call(path=f"/v4/users/me/dataTypes/{kind}/dataPoints", params=params)


def civil(day: date) -> Row:
    """A local day as the API writes it."""
    return {"date": {"year": day.year, "month": day.month, "day": day.day}}


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
