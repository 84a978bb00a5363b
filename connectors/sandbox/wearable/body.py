"""A body that wears a band: steps, pulse, sleep, weight at any moment, out of a seed and the clock
alone.

Steps are a sum that only grows during a day, so that every interval, day and roll-up agrees with
every other. Two minutes later there is always at least one step more, at night as well: the
acceptance of the product asks for a newer count at any hour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from connectors.sandbox.seeds import fraction, spread

MINUTE = timedelta(minutes=1)
TRICKLE = 0.6  # steps a minute whatever happens
PULSE_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stretch of sleep: AWAKE, LIGHT, DEEP or REM."""

    start: datetime
    end: datetime
    kind: str


@dataclass(frozen=True, kw_only=True)
class Night:
    """A night, by the day it ends on."""

    day: date
    start: datetime
    end: datetime
    stages: tuple[Stage, ...]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run after work."""

    day: date
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Body:
    """One person with a band since `since`. Days are those of `zone`."""

    seed: str
    zone: ZoneInfo
    since: date
    habit: int  # steps on a usual day
    stride: int  # millimetres
    rest: float  # pulse at rest
    kilos: float
    height: int  # cm

    def day_of(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """When a local day begins, in UTC: there a day may have 23 or 25 hours."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def span(self, day: date) -> tuple[datetime, datetime]:
        """A local day as instants."""
        return self.midnight(day), self.midnight(day + timedelta(days=1))

    def steps_of_day(self, day: date) -> int:
        """The count of the whole day, once it is over."""
        weekend = day.weekday() >= 5
        level = self.habit * (0.86 if weekend else 1.0)
        level *= 1 + 0.12 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 100) / 365)
        level *= 1 + 0.22 * spread(self.seed, "steps", day)
        if self.runs_on(day):
            level += 3100
        return max(1900, int(level))

    def runs_on(self, day: date) -> bool:
        """Whether there is a run that day: most Tuesdays and Saturdays."""
        return day.weekday() in (1, 5) and fraction(self.seed, "run", day) < 0.8

    def steps_until(self, moment: datetime) -> int:
        """Steps of the local day up to a moment, whole minutes."""
        day = _day(self, self.day_of(moment))
        return day.steps((moment - day.start) // MINUTE)

    def steps_between(self, start: datetime, end: datetime) -> int:
        """Steps in [start, end), over midnights as well."""
        total, here = 0, start
        while here < end:
            day = self.day_of(here)
            midnight = self.midnight(day + timedelta(days=1))
            stop = min(end, midnight)
            facts = _day(self, day)
            total += facts.steps((stop - facts.start) // MINUTE) - self.steps_until(here)
            here = stop
        return total

    def run(self, day: date) -> Run | None:
        """The run of a day, if there is one."""
        if not self.runs_on(day):
            return None
        start = self.midnight(day) + timedelta(
            hours=18, minutes=int(5 + 20 * fraction(self.seed, "run at", day))
        )
        minutes = int(24 + 22 * fraction(self.seed, "run for", day))
        return Run(day=day, start=start, end=start + timedelta(minutes=minutes))

    def asleep(self, day: date) -> tuple[datetime, datetime]:
        """When the night that ends on a day began and ended."""
        late = day.weekday() >= 5
        bed = -55 + 25 * spread(self.seed, "bed", day) + (35 if late else 0)
        wake = 402 + 18 * spread(self.seed, "wake", day) + (55 if late else 0)
        midnight = self.midnight(day)
        return midnight + timedelta(minutes=round(bed)), midnight + timedelta(minutes=round(wake))

    def night(self, day: date) -> Night:
        """The night that ends on a day: 90-minute cycles, deep early, REM late."""
        start, end = self.asleep(day)
        return Night(day=day, start=start, end=end, stages=tuple(self._stages(day, start, end)))

    def _stages(self, day: date, start: datetime, end: datetime) -> Iterator[Stage]:
        here, cycle = start, 0
        while here < end:
            deep = max(6, 38 - 11 * cycle)
            rem = min(30, 8 + 7 * cycle)
            parts = (("LIGHT", 34), ("DEEP", deep), ("LIGHT", 18), ("REM", rem), ("AWAKE", 4))
            for number, (kind, minutes) in enumerate(parts):
                scatter = 0.2 * spread(self.seed, "stage", day, cycle, number)
                stop = min(end, here + timedelta(minutes=max(2, round(minutes * (1 + scatter)))))
                if stop > here:
                    yield Stage(start=here, end=stop, kind=kind)
                here = stop
            cycle += 1

    def resting_pulse(self, day: date) -> int:
        """The day's pulse at rest; fitness and season move it a little."""
        season = 1.5 * math.sin(2 * math.pi * day.timetuple().tm_yday / 365)
        return round(self.rest + season + 1.2 * spread(self.seed, "rest", day))

    def pulse(self, moment: datetime) -> int | None:
        """Beats a minute at a moment (every five minutes); None while the band is charged."""
        day = _day(self, self.day_of(moment))
        minute = (moment - day.start) // MINUTE
        if day.charging <= minute < day.charging + 40:
            return None
        scatter = spread(self.seed, "pulse", int(moment.timestamp()))
        if day.run and day.run.start <= moment < day.run.end:
            return round(148 + 6 * scatter)
        if moment < day.wakes or moment >= day.sleeps:
            return round(day.rest - 3 + 1.5 * scatter)
        walked = day.steps(minute) - day.steps(max(0, minute - 5))
        return round(day.rest + 13 + min(48, walked * 0.11) + 4 * scatter)

    def weighing(self, day: date) -> tuple[datetime, int, float] | None:
        """Moment, grams and fat percentage of a morning on the scale, about every other day."""
        if fraction(self.seed, "scale", day) > 0.55:
            return None
        moment = self.asleep(day)[1] + timedelta(minutes=14)
        years = (day - self.since).days / 365
        wave = 0.6 * math.sin(2 * math.pi * (day - self.since).days / 120)
        kilos = self.kilos - 0.9 * years + wave + 0.35 * spread(self.seed, "kilos", day)
        fat = 22.5 - 0.5 * years + 0.4 * wave + 0.3 * spread(self.seed, "fat", day)
        return moment, round(kilos * 10) * 100, round(fat, 1)

    def known_at(self, day: date) -> datetime:
        """When the values of a night (resting pulse, breathing, saturation) are ready.

        Half an hour after waking.
        """
        return self.asleep(day)[1] + timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class _Day:
    """What a day's minutes are computed from."""

    start: datetime
    minutes: int
    total: int
    curve: tuple[tuple[float, float], ...]
    rest: int
    run: Run | None
    wakes: datetime
    sleeps: datetime
    charging: int

    def steps(self, minute: int) -> int:
        """Steps up to a minute of the day."""
        if minute >= self.minutes:
            return self.total
        rest = self.total - int(TRICKLE * self.minutes)
        return int(TRICKLE * minute) + int(rest * _share(self.curve, minute * 1440 / self.minutes))


@lru_cache(maxsize=4096)
def _day(body: Body, day: date) -> _Day:
    start, end = body.span(day)
    return _Day(
        start=start,
        minutes=(end - start) // MINUTE,
        total=body.steps_of_day(day),
        curve=_curve(body.seed, day, body.runs_on(day)),
        rest=body.resting_pulse(day),
        run=body.run(day),
        wakes=body.asleep(day)[1],
        sleeps=body.asleep(day + timedelta(days=1))[0],
        charging=20 * 60 + int(60 * fraction(body.seed, "charge", day)),
    )


def _curve(seed: str, day: date, runs: bool) -> tuple[tuple[float, float], ...]:
    """How a day's steps spread: (minute of 1440, share so far), straight in between."""
    weekend = day.weekday() >= 5
    shift = 12 * spread(seed, "curve", day) + (50 if weekend else 0)
    parts = [
        (0, 405, 0.0),
        (405, 465, 0.05),
        (465, 495, 0.03 if weekend else 0.17),
        (495, 730, 0.17),
        (730, 765, 0.16),
        (765, 1020, 0.16),
        (1020, 1050, 0.05 if weekend else 0.16),
        (1050, 1320, 0.16),
        (1320, 1385, 0.02),
        (1385, 1440, 0.0),
    ]
    if runs:
        parts = [(a, b, w + 0.22 if a == 1050 else w) for a, b, w in parts]
    whole = sum(weight for _, _, weight in parts)
    points, share = [(0.0, 0.0)], 0.0
    for _, stop, weight in parts[:-1]:
        share += weight / whole
        points.append((stop + shift, share))
    points.append((1440.0, 1.0))
    return tuple(points)


def _share(curve: tuple[tuple[float, float], ...], minute: float) -> float:
    for (left, low), (right, high) in pairwise(curve):
        if minute < right:
            return low + (high - low) * (minute - left) / (right - left)
    return 1.0
