"""Data points in Google Health's shape, newest first, out of a body and a window of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.sandbox.seeds import digest, spread
from connectors.sandbox.wearable.body import PULSE_EVERY, Body, Night, Run
from connectors.sandbox.wearable.kinds import Kind

Point = dict[str, Any]
SLOT = timedelta(minutes=15)
BAND = {"displayName": "Example Band 3", "manufacturer": "Example", "formFactor": "FITNESS_BAND"}
SCALE = {"displayName": "Example Scale", "manufacturer": "Example", "formFactor": "SCALE"}


@dataclass(frozen=True, kw_only=True)
class Window:
    """From when (included) until when (not), never beyond `now`. For sessions of sleep.

    Of the ends.
    """

    start: datetime
    end: datetime
    now: datetime


def points(body: Body, kind: Kind, window: Window) -> Iterator[Point]:
    """The data points of a type in a window."""
    return _MAKERS[kind.slug](body, kind, window)


def amount(body: Body, slug: str, start: datetime, end: datetime) -> float:
    """What an interval type adds up to in [start, end), in its own unit."""
    steps = body.steps_between(start, end)
    minutes = (end - start).total_seconds() / 60
    return {
        "steps": steps,
        "distance": steps * body.stride,
        "floors": _floors(body, start, end),
        "active-energy-burned": round(steps * 0.043, 1),
        "total-calories": round(minutes * 1.17 + steps * 0.043, 1),
    }[slug]


def _floors(body: Body, start: datetime, end: datetime) -> int:
    """Floors climbed, so that the parts of a day add up to the day: one every 700 steps."""
    total, here = 0, start
    while here < end:
        midnight = body.midnight(body.day_of(here) + timedelta(days=1))
        stop = min(end, midnight)
        before = body.steps_until(here)
        total += (before + body.steps_between(here, stop)) // 700 - before // 700
        here = stop
    return total


VALUES = {
    "steps": "count",
    "distance": "millimeters",
    "floors": "count",
    "active-energy-burned": "kcal",
    "total-calories": "kcal",
}


def written(slug: str, value: float) -> str | float:
    """A value as the API writes it: whole numbers are strings (int64), kilocalories numbers."""
    return value if VALUES[slug] == "kcal" else str(int(value))


def _intervals(body: Body, kind: Kind, window: Window) -> Iterator[Point]:
    minute = window.now.replace(second=0, microsecond=0)
    start = _floor(min(window.end, minute) - timedelta(microseconds=1), SLOT)
    while start >= window.start:
        end = min(start + SLOT, minute)
        value = amount(body, kind.slug, start, end)
        if value:
            yield {
                "dataSource": _source(BAND),
                kind.name: {
                    "interval": interval(body, start, end),
                    VALUES[kind.slug]: written(kind.slug, value),
                },
            }
        start -= SLOT


def _pulses(body: Body, kind: Kind, window: Window) -> Iterator[Point]:
    for moment, beats in pulses(body, window):
        yield {
            "dataSource": _source(BAND),
            kind.name: {"sampleTime": _sample(body, moment), "beatsPerMinute": str(beats)},
        }


def pulses(body: Body, window: Window) -> Iterator[tuple[datetime, int]]:
    """The pulse every five minutes, newest first."""
    end = min(window.end, window.now + timedelta(microseconds=1))
    moment = _floor(end - timedelta(microseconds=1), PULSE_EVERY)
    while moment >= window.start:
        beats = body.pulse(moment)
        if beats is not None:
            yield moment, beats
        moment -= PULSE_EVERY


def _weighings(body: Body, kind: Kind, window: Window) -> Iterator[Point]:
    for day in _days(body, window):
        found = body.weighing(day)
        if found is None or not window.start <= found[0] < window.end or found[0] > window.now:
            continue
        moment, grams, fat = found
        value = {"weightGrams": grams} if kind.slug == "weight" else {"percentage": fat}
        yield {
            "name": _name(body, kind, day),
            "dataSource": _source(SCALE, "ACTIVELY_MEASURED"),
            kind.name: {"sampleTime": _sample(body, moment), **value},
        }


def _height(body: Body, kind: Kind, window: Window) -> Iterator[Point]:
    moment = body.midnight(body.since) + timedelta(hours=9)
    if window.start <= moment < window.end:
        yield {
            "name": _name(body, kind, body.since),
            "dataSource": {"platform": "FITBIT", "recordingMethod": "MANUAL"},
            kind.name: {
                "sampleTime": _sample(body, moment),
                "heightMillimeters": str(body.height * 10),
            },
        }


def _dailies(body: Body, kind: Kind, window: Window) -> Iterator[Point]:
    for day in _days(body, window):
        if body.known_at(day) <= window.now and window.start <= body.midnight(day) < window.end:
            yield {
                "name": _name(body, kind, day),
                "dataSource": _source(BAND, "DERIVED"),
                kind.name: {"date": civil_date(day), **_DAILY[kind.slug](body, day)},
            }


def _variability(body: Body, day: date) -> Point:
    level = 41 + 5 * spread(body.seed, "variability", day)
    return {
        "averageHeartRateVariabilityMilliseconds": round(level, 1),
        "nonRemHeartRateBeatsPerMinute": str(body.resting_pulse(day) - 2),
    }


def _saturation(body: Body, day: date) -> Point:
    level = round(96.2 + 0.6 * spread(body.seed, "saturation", day), 1)
    return {
        "averagePercentage": level,
        "lowerBoundPercentage": round(level - 2.4, 1),
        "upperBoundPercentage": min(100.0, round(level + 1.6, 1)),
    }


_DAILY: dict[str, Callable[[Body, date], Point]] = {
    "daily-resting-heart-rate": lambda body, day: {"beatsPerMinute": str(body.resting_pulse(day))},
    "daily-heart-rate-variability": _variability,
    "daily-oxygen-saturation": _saturation,
    "daily-respiratory-rate": lambda body, day: {
        "breathsPerMinute": round(14.6 + 0.5 * spread(body.seed, "breath", day), 1)
    },
}


def _nights(body: Body, kind: Kind, window: Window) -> Iterator[Point]:
    for day in _days(body, window):
        night = body.night(day)
        if window.start <= night.end < window.end and night.end <= window.now:
            yield {
                "name": _name(body, kind, day),
                "dataSource": _source(BAND),
                kind.name: _night(body, night, processed=body.known_at(day) <= window.now),
            }


def _night(body: Body, night: Night, *, processed: bool) -> Point:
    minutes: dict[str, list[int]] = {}
    for stage in night.stages:
        minutes.setdefault(stage.kind, []).append((stage.end - stage.start) // timedelta(minutes=1))
    whole = (night.end - night.start) // timedelta(minutes=1)
    awake = sum(minutes.get("AWAKE", []))
    return {
        "interval": interval(body, night.start, night.end, civil=False),
        "type": "STAGES",
        "stages": [
            {"startTime": utc(stage.start), "endTime": utc(stage.end), "type": stage.kind}
            for stage in night.stages
        ],
        "summary": {
            "minutesInSleepPeriod": str(whole),
            "minutesAsleep": str(whole - awake),
            "minutesAwake": str(awake),
            "minutesToFallAsleep": "0",
            "minutesAfterWakeUp": "0",
            "stagesSummary": [
                {"type": name, "minutes": str(sum(spans)), "count": str(len(spans))}
                for name, spans in sorted(minutes.items())
            ],
        },
        "metadata": {
            "processed": processed,
            "mainSleep": True,
            "nap": False,
            "stagesStatus": "SUCCEEDED",
            "externalId": str(int(night.start.timestamp())),
        },
        "createTime": utc(night.end + timedelta(minutes=4)),
        "updateTime": utc(night.end + timedelta(minutes=30 if processed else 4)),
    }


def _runs(body: Body, kind: Kind, window: Window) -> Iterator[Point]:
    for day in _days(body, window):
        run = body.run(day)
        if run and window.start <= run.start < window.end and run.end <= window.now:
            yield {
                "name": _name(body, kind, day),
                "dataSource": _source(BAND),
                kind.name: _run(body, run),
            }


def _run(body: Body, run: Run) -> Point:
    seconds = int((run.end - run.start).total_seconds())
    metres = seconds * (2.7 + 0.15 * spread(body.seed, "speed", run.day))
    return {
        "interval": interval(body, run.start, run.end),
        "exerciseType": "RUNNING",
        "displayName": "Run",
        "activeDuration": f"{seconds}s",
        "metricsSummary": {
            "caloriesKcal": round(metres * 0.075, 1),
            "distanceMillimeters": int(metres * 1000),
            "steps": str(int(metres / 0.95)),
            "averageHeartRateBeatsPerMinute": "148",
            "averageSpeedMillimetersPerSecond": round(metres * 1000 / seconds, 1),
            "elevationGainMillimeters": int(metres * 4),
        },
        "createTime": utc(run.end + timedelta(minutes=2)),
        "updateTime": utc(run.end + timedelta(minutes=2)),
    }


_MAKERS: dict[str, Callable[[Body, Kind, Window], Iterator[Point]]] = {
    "steps": _intervals,
    "distance": _intervals,
    "floors": _intervals,
    "active-energy-burned": _intervals,
    "heart-rate": _pulses,
    "weight": _weighings,
    "body-fat": _weighings,
    "height": _height,
    "daily-resting-heart-rate": _dailies,
    "daily-heart-rate-variability": _dailies,
    "daily-oxygen-saturation": _dailies,
    "daily-respiratory-rate": _dailies,
    "sleep": _nights,
    "exercise": _runs,
}


def utc(moment: datetime) -> str:
    """An RFC 3339 instant."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def offset(body: Body, moment: datetime) -> str:
    """The offset from UTC there and then, as a duration."""
    away = moment.astimezone(body.zone).utcoffset() or timedelta()
    return f"{int(away.total_seconds())}s"


def civil_date(day: date) -> Point:
    """A calendar date."""
    return {"year": day.year, "month": day.month, "day": day.day}


def civil(body: Body, moment: datetime) -> Point:
    """A local wall-clock time; parts that are 0 are left out, as the API does."""
    here = moment.astimezone(body.zone)
    parts = {"hours": here.hour, "minutes": here.minute, "seconds": here.second}
    found: Point = {"date": civil_date(here.date())}
    if shown := {name: value for name, value in parts.items() if value}:
        found["time"] = shown
    return found


def interval(body: Body, start: datetime, end: datetime, *, civil: bool = True) -> Point:
    """An interval with offsets, and wall-clock times where the type has them."""
    found: Point = {
        "startTime": utc(start),
        "startUtcOffset": offset(body, start),
        "endTime": utc(end),
        "endUtcOffset": offset(body, end),
    }
    if civil:
        found["civilStartTime"] = _civil(body, start)
        found["civilEndTime"] = _civil(body, end)
    return found


_civil = civil


def _sample(body: Body, moment: datetime) -> Point:
    return {
        "physicalTime": utc(moment),
        "utcOffset": offset(body, moment),
        "civilTime": _civil(body, moment),
    }


def _source(device: Point, method: str = "PASSIVELY_MEASURED") -> Point:
    return {"platform": "FITBIT", "recordingMethod": method, "device": device}


def _name(body: Body, kind: Kind, day: date) -> str:
    number = int.from_bytes(digest(body.seed, kind.slug, day)[:7], "big")
    return f"users/{body.seed}/dataTypes/{kind.slug}/dataPoints/{number}"


def _days(body: Body, window: Window) -> Iterator[date]:
    day = min(body.day_of(window.end), body.day_of(window.now))
    first = max(body.since, body.day_of(window.start) - timedelta(days=1))
    while day >= first:
        yield day
        day -= timedelta(days=1)


def _floor(moment: datetime, step: timedelta) -> datetime:
    zero = datetime(2020, 1, 1, tzinfo=UTC)
    return zero + (moment - zero) // step * step
