"""Sums and means over windows: `rollUp` by instants, `dailyRollUp` by local days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.sandbox.wearable.body import Body
from connectors.sandbox.wearable.kinds import Kind
from connectors.sandbox.wearable.points import (
    VALUES,
    Point,
    Window,
    amount,
    civil_date,
    pulses,
    utc,
    written,
)


@dataclass(frozen=True)
class BadRange(Exception):
    """Answered with 400."""

    why: str


def by_window(body: Body, kind: Kind, range_: Any, size: Any, *, now: datetime) -> Iterator[Point]:
    """Windows of `size` ("3600s") over a range of instants. Raises BadRange."""
    start, end = _instant(range_, "startTime"), _instant(range_, "endTime")
    step = _seconds(size)
    _check(kind, start, end)
    while start < end and start < now:
        stop = min(start + step, end)
        if value := _value(body, kind, start, min(stop, _minute(now)), now):
            yield {"startTime": utc(start), "endTime": utc(stop), kind.name: value}
        start = stop


def by_day(body: Body, kind: Kind, range_: Any, size: Any, *, now: datetime) -> Iterator[Point]:
    """Windows of `size` local days, `end` not included. Raises BadRange."""
    first, last = _day(range_, "start"), _day(range_, "end")
    if not isinstance(size, int) or size < 1:
        raise BadRange("windowSizeDays has to be a whole number from 1 on")
    _check(kind, body.midnight(first), body.midnight(last))
    while first < last and body.midnight(first) < now:
        stop = min(first + timedelta(days=size), last)
        start, end = body.midnight(max(first, body.since)), body.midnight(stop)
        if stop > body.since and (value := _value(body, kind, start, min(end, _minute(now)), now)):
            yield {
                "civilStartTime": {"date": civil_date(first)},
                "civilEndTime": {"date": civil_date(stop)},
                kind.name: value,
            }
        first = stop


def _value(body: Body, kind: Kind, start: datetime, end: datetime, now: datetime) -> Point:
    start = max(start, body.midnight(body.since))
    if end <= start:
        return {}
    if kind.slug in VALUES:
        value = written(kind.slug, amount(body, kind.slug, start, end))
        return {f"{VALUES[kind.slug]}Sum": value}
    window = Window(start=start, end=end, now=now)
    if kind.slug == "heart-rate":
        beats = [value for _, value in pulses(body, window)]
        if not beats:
            return {}
        return {
            "beatsPerMinuteAvg": round(sum(beats) / len(beats), 1),
            "beatsPerMinuteMin": min(beats),
            "beatsPerMinuteMax": max(beats),
        }
    return _weight(body, window)


def _weight(body: Body, window: Window) -> Point:
    grams = []
    day = body.day_of(window.start)
    while body.midnight(day) < window.end:
        found = body.weighing(day)
        if found and window.start <= found[0] < window.end and found[0] <= window.now:
            grams.append(found[1])
        day += timedelta(days=1)
    return {"weightGramsAvg": round(sum(grams) / len(grams))} if grams else {}


def _check(kind: Kind, start: datetime, end: datetime) -> None:
    if end <= start:
        raise BadRange("the range is empty: its end has to be after its start")
    if end - start > timedelta(days=kind.days, hours=1):
        raise BadRange(f"the range of {kind.slug} is at most {kind.days} days")


def _instant(range_: Any, name: str) -> datetime:
    text = range_.get(name) if isinstance(range_, dict) else None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise BadRange(f"range.{name} has to be an RFC 3339 time") from None
    if moment.tzinfo is None:
        raise BadRange(f"range.{name} needs an offset or Z")
    return moment.astimezone(UTC)


def _day(range_: Any, name: str) -> date:
    try:
        found = range_[name]["date"]
        return date(found["year"], found["month"], found["day"])
    except (KeyError, TypeError, ValueError):
        raise BadRange(f"range.{name}.date has to have year, month and day") from None


def _seconds(size: Any) -> timedelta:
    text = str(size)
    if not text.endswith("s") or not text[:-1].isdecimal() or int(text[:-1]) < 1:
        raise BadRange('windowSize has to be seconds, as "3600s"')
    return timedelta(seconds=int(text[:-1]))


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)
