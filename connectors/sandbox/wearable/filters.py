"""The filter of a data point list.

`>=` and `<` on the one time field the data type has, joined by AND.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.sandbox.wearable.body import Body
from connectors.sandbox.wearable.kinds import Kind


@dataclass(frozen=True)
class BadFilter(Exception):
    """Answered with 400 and INVALID_DATA_POINT_FILTER."""

    why: str


def bounds(text: str, *, body: Body, kind: Kind) -> tuple[datetime | None, datetime | None]:
    """From (included) and until (not) as instants. Raises BadFilter."""
    start: datetime | None = None
    end: datetime | None = None
    for part in re.split(r"\s+AND\s+", text.strip()) if text.strip() else ():
        match = re.fullmatch(r'([a-z0-9_.]+)\s*(>=|<)\s*"([^"]*)"', part.strip())
        if match is None:
            raise BadFilter(f'cannot read {part!r}: write field >= "time" or field < "time"')
        field, operator, value = match.groups()
        reader = _fields(kind).get(field)
        if reader is None:
            raise BadFilter(f"{field} cannot be filtered; use {' or '.join(_fields(kind))}")
        moment = reader(body, value)
        if operator == ">=":
            start = moment if start is None else max(start, moment)
        else:
            end = moment if end is None else min(end, moment)
    return start, end


def _physical(body: Body, text: str) -> datetime:
    moment = _parse(text)
    if moment.tzinfo is None:
        raise BadFilter(f"{text!r} needs an offset or Z")
    return moment.astimezone(UTC)


def _civil(body: Body, text: str) -> datetime:
    moment = _parse(text)
    if moment.tzinfo is not None:
        raise BadFilter(f"{text!r} is a civil time: no offset")
    return moment.replace(tzinfo=body.zone).astimezone(UTC)


def _parse(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadFilter(f"{text!r} is not a time") from None


def _fields(kind: Kind) -> dict[str, Callable[[Body, str], datetime]]:
    if kind.shape == "daily":
        return {f"{kind.snake}.date": _civil}
    if kind.shape == "sample":
        stem = f"{kind.snake}.sample_time"
        return {f"{stem}.physical_time": _physical, f"{stem}.civil_time": _civil}
    edge = "end" if kind.slug == "sleep" else "start"
    stem = f"{kind.snake}.interval"
    return {f"{stem}.{edge}_time": _physical, f"{stem}.civil_{edge}_time": _civil}
