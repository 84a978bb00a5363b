"""Date values: everything is a span of time (search.html#date).

Our choices: what has no zone is UTC; `ap` widens the value by a tenth of its distance from now.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.oracle.escapes import Unreadable, plain
from tests.conformance.oracle.prefixes import split_prefix

Span = tuple[float, float]
"""From (inclusive) to (exclusive), microseconds since 1970; whole numbers or infinite."""

_FORM = re.compile(
    r"(\d{4})(-\d\d)?(-\d\d)?(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _micro(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def span(text: str) -> Span | None:
    """The time that a date of any precision covers; None for what is no date."""
    match = _FORM.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if (day and not month) or (hour and not day) or (zone and not hour):
        return None
    try:
        start = datetime(
            int(year),
            int(month[1:]) if month else 1,
            int(day[1:]) if day else 1,
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
        )
    except ValueError:
        return None
    shift = 0
    if zone and zone != "Z":
        shift = (int(zone[1:3]) * 60 + int(zone[4:6])) * (-1 if zone[0] == "+" else 1)
    low = _micro(start.replace(tzinfo=UTC)) + shift * 60_000_000
    if fraction:
        low += round(float("0" + fraction) * 1_000_000)
        return low, low + 10 ** (7 - len(fraction))
    if second:
        return low, low + 1_000_000
    if hour:
        return low, low + 60_000_000
    if day:
        return low, low + 86_400_000_000
    following = start.year + 1 if not month or start.month == 12 else start.year
    if following > 9999:
        return low, math.inf
    ends = datetime(following, start.month % 12 + 1 if month else 1, 1, tzinfo=UTC)
    return low, _micro(ends)


def spans(kind: str, value: Any) -> list[Span]:
    """What a stored value covers: a Period with open ends to infinity, a Timing from its first to
    its last moment."""
    if kind == "Period":
        low, high = span(value.get("start", "")), span(value.get("end", ""))
        return [(low[0] if low else -math.inf, high[1] if high else math.inf)]
    if kind == "Timing":
        inside = [found for event in value.get("event", ()) if (found := span(event))]
        bounds = value.get("repeat", {}).get("boundsPeriod")
        inside += spans("Period", bounds) if bounds else []
        return [(min(s[0] for s in inside), max(s[1] for s in inside))] if inside else []
    found = span(value)
    return [found] if found else []


def fits(stored: Span, prefix: str, asked: Span, now: datetime) -> bool:
    """The table of prefixes, for spans."""
    (low, high), (start, end) = stored, asked
    contained = start <= low and high <= end
    match prefix:
        case "eq":
            return contained
        case "ne":
            return not contained
        case "gt":
            return high > end
        case "lt":
            return low < start
        case "ge":
            return high > end or contained
        case "le":
            return low < start or contained
        case "sa":
            return low >= end
        case "eb":
            return high <= start
    middle = (start + min(end, start + 366 * 86_400_000_000)) / 2
    slack = abs(_micro(now) - middle) / 10
    return low < end + slack and high > start - slack


def read(name: str, text: str) -> tuple[str, Span]:
    """(prefix, span) of a value as asked."""
    prefix, rest = split_prefix(plain(text))
    asked = span(rest)
    if asked is None:
        raise Unreadable(name)
    return prefix, asked


def match(name: str, kind: str, value: Any, text: str, now: datetime) -> bool:
    """Does a stored value of a data type meet the value asked for?"""
    prefix, asked = read(name, text)
    return any(fits(stored, prefix, asked, now) for stored in spans(kind, value))
