"""An account's local days and hours: what "today" means to the person who wears the device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class LocalTime:
    """A zone; `known` tells whether the vendor named it or we assume it."""

    zone: tzinfo
    known: bool = True

    def midnight(self, day: date) -> datetime:
        """When a local day begins, with its offset. Where the clock skips midnight: the first
        moment that exists.
        """
        return self.show(datetime.combine(day, time(), self.zone))

    def day_of(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(self.zone).date()

    def floor_day(self, moment: datetime) -> datetime:
        """The midnight a moment's local day began with."""
        return self.midnight(self.day_of(moment))

    def next_day(self, moment: datetime) -> datetime:
        """The midnight a moment's local day ends with."""
        return self.midnight(self.day_of(moment) + DAY)

    def floor_hour(self, moment: datetime) -> datetime:
        """The beginning of a moment's local hour."""
        local = moment.astimezone(self.zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return self.show(moment - past)

    def show(self, moment: datetime) -> datetime:
        """The same moment with the local offset."""
        return moment.astimezone(UTC).astimezone(self.zone)


ASSUMED = LocalTime(zone=UTC, known=False)


def local_time(name: object) -> LocalTime:
    """By the name of a zone ("America/New_York"); UTC, marked as assumed, where it is none."""
    try:
        return LocalTime(zone=ZoneInfo(str(name or "")))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ASSUMED
