"""FHIR dates as half-open ranges of microseconds since 1970, by their precision; zone-less ones in
UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from fhirstore.keys import MAX_MOMENT, MIN_MOMENT
from fhirstore.remembered import remembered

Moments = tuple[int, int]

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?(?:Z|[+-][0-9]{2}:[0-5][0-9])"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999
_LAST_DAY = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_MICROSECOND = timedelta(microseconds=1)
_SECOND, _DAY = 1_000_000, 86_400_000_000


def microseconds(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970."""
    since = moment - _EPOCH
    return since.days * _DAY + since.seconds * _SECOND + since.microseconds


def instant(microseconds: int) -> datetime:
    """The instant so many microseconds after 1970, kept within the years 1 to 9999."""
    return _EPOCH + min(max(microseconds, _EARLIEST), _LATEST) * _MICROSECOND


def moments(text: str) -> Moments | None:
    """What a date, dateTime or instant covers, [lo, hi); None where it is not one.

    A year covers the year, `2018-05-01T10:00Z` a minute, `...:00.5Z` a tenth of a second.
    """
    match = _INSTANT.fullmatch(text)  # what nearly all say
    if match is None:
        return _moments(text)
    try:
        low = microseconds(datetime.fromisoformat(text))
    except ValueError:
        return None
    return (low, low + (1_000 if match[1] else 1_000_000)) if low < _LAST_DAY else _moments(text)


@remembered(8192)
def _moments(text: str) -> Moments | None:
    match = _DATE.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        start = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=_zone(zone),
        )
        end = _end(start, match)
    except (ValueError, OverflowError):
        return None
    low = microseconds(start)
    if fraction:
        digits = fraction[:6]
        low += int(digits.ljust(6, "0"))
        return low, low + 10 ** (6 - len(digits))
    return low, MAX_MOMENT if end is None else microseconds(end)


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)


def _end(start: datetime, match: re.Match[str]) -> datetime | None:
    _, month, day, hour, _, second, _, _ = match.groups()
    if second:
        return start + timedelta(seconds=1)
    if hour:
        return start + timedelta(minutes=1)
    if day:
        return (
            None
            if start.year == 9999 and start.month == 12 and start.day == 31
            else start + timedelta(days=1)
        )
    if month and start.month < 12:
        return start.replace(month=start.month + 1)
    return None if start.year == 9999 else start.replace(year=start.year + 1, month=1)


def period(start: object, end: object) -> Moments | None:
    """A Period's [lo, hi), open where a side is missing; None where both are or one cannot be
    read."""
    low = moments(start) if isinstance(start, str) else None
    high = moments(end) if isinstance(end, str) else None
    if (low is None and high is None) or (start and low is None) or (end and high is None):
        return None
    lo, hi = low[0] if low else MIN_MOMENT, high[1] if high else MAX_MOMENT
    return (lo, hi) if lo < hi else None
