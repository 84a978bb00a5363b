"""The shapes in which the Google Health API gives a measure, each as a metric."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.mapping import measures
from connectors.mapping.sample import DAY_TOTAL, EPISODE, INTERVAL, SINGLE, Sample
from connectors.metric import Call, Metric, Row, Span
from connectors.vendors.google_health.asking import civil, listed, listing, utc
from connectors.vendors.google_health.reading import (
    date_of,
    entry_of,
    instant,
    local,
    parts,
    record_of,
)

SCOPES = "https://www.googleapis.com/auth/googlehealth."
ACTIVITY = f"{SCOPES}activity_and_fitness.readonly"
MEASUREMENTS = f"{SCOPES}health_metrics_and_measurements.readonly"
SLEEP = f"{SCOPES}sleep.readonly"
SETTINGS = f"{SCOPES}settings.readonly"
PROFILE = f"{SCOPES}profile.readonly"

ROLLED, LISTED = "rollupDataPoints", "dataPoints"
HOUR = timedelta(hours=1)


def day_total(
    measure: measures.Measure, kind: str, member: str, *, per: Decimal = Decimal(1)
) -> Metric:
    """A sum by local day: `dailyRollUp`, at most 90 days a call; `per` divides into our unit."""
    name, value = member.split(".")

    def ask(span: Span, token: str | None) -> Call:
        limits = {"start": civil(span.start.date()), "end": civil(span.end.date())}
        body: dict[str, Any] = {"range": limits, "windowSizeDays": 1}
        if token:
            body["pageToken"] = token
        return Call(path=f"/v4/users/me/dataTypes/{kind}/dataPoints:dailyRollUp", body=body)

    def read(row: Row, span: Span) -> Sample | None:
        day = date_of(row["civilStartTime"]["date"])
        start, end = span.local.midnight(day), span.local.midnight(day + timedelta(days=1))
        if name not in row:
            return None
        return Sample(
            measure=measure,
            value=Decimal(row[name][value]) / per,
            start=start,
            end=end,
            record=day.isoformat(),
            granularity=DAY_TOTAL,
            open=end > span.now,
            zone_known=span.local.known,
        )

    return Metric(measure=measure, ask=ask, read=read, rows=ROLLED, scope=ACTIVITY)


def hourly_mean(measure: measures.Measure, kind: str, member: str) -> Metric:
    """A mean by local hour: `rollUp`; its range is at most 14 days for heart rate, and a day may
    have 25 hours.
    """
    name, value = member.split(".")

    def ask(span: Span, token: str | None) -> Call:
        last = span.local.floor_hour(span.now) + HOUR
        end = max(min(span.end, last), span.start + HOUR)
        limits = {"startTime": utc(span.start), "endTime": utc(end)}
        body: dict[str, Any] = {"range": limits, "windowSize": "3600s"}
        if token:
            body["pageToken"] = token
        return Call(path=f"/v4/users/me/dataTypes/{kind}/dataPoints:rollUp", body=body)

    def read(row: Row, span: Span) -> Sample | None:
        start, end = instant(row["startTime"]), instant(row["endTime"])
        if name not in row:
            return None
        return Sample(
            measure=measure,
            value=Decimal(row[name][value]),
            start=span.local.show(start),
            end=span.local.show(end),
            record=f"{utc(start)}/{utc(end)}",
            granularity=INTERVAL,
            open=end > span.now,
            zone_known=span.local.known,
        )

    return Metric(
        measure=measure,
        ask=ask,
        read=read,
        rows=ROLLED,
        scope=MEASUREMENTS,
        most=timedelta(days=13),
    )


def single(
    measure: measures.Measure, kind: str, member: str, *, per: Decimal = Decimal(1)
) -> Metric:
    """Single readings: `list`, filtered by the time of the sample."""
    name, value = member.split(".")
    field = f"{kind.replace('-', '_')}.sample_time.physical_time"

    def read(row: Row, span: Span) -> Sample | None:
        point = row[name]
        moment = local(point["sampleTime"]["physicalTime"], point["sampleTime"].get("utcOffset"))
        return Sample(
            measure=measure,
            value=Decimal(point[value]) / per,
            start=moment,
            record=record_of(row) or utc(moment),
            granularity=SINGLE,
            entry=entry_of(row),
        )

    return Metric(
        measure=measure, ask=listing(kind, field), read=read, rows=LISTED, scope=MEASUREMENTS
    )


def day_value(measure: measures.Measure, kind: str, member: str) -> Metric:
    """A statistic that the vendor makes of a day: `list`, filtered by date."""
    name, value = member.split(".")

    def ask(span: Span, token: str | None) -> Call:
        field = f"{kind.replace('-', '_')}.date"
        first, last = span.start.date().isoformat(), span.end.date().isoformat()
        return listed(kind, f'{field} >= "{first}" AND {field} < "{last}"', token)

    def read(row: Row, span: Span) -> Sample | None:
        day = date_of(row[name]["date"])
        return Sample(
            measure=measure,
            value=Decimal(row[name][value]),
            start=span.local.midnight(day),
            end=span.local.midnight(day + timedelta(days=1)),
            record=day.isoformat(),
            granularity=DAY_TOTAL,
            open=span.local.midnight(day + timedelta(days=1)) > span.now,
            zone_known=span.local.known,
        )

    return Metric(measure=measure, ask=ask, read=read, rows=LISTED, scope=MEASUREMENTS)


def nights() -> Metric:
    """Sleep, filtered by its end as the API demands, at most 25 a page."""

    def read(row: Row, span: Span) -> Sample | None:
        night = row["sleep"]
        times, summary = night["interval"], night.get("summary", {})
        start = local(times["startTime"], times.get("startUtcOffset"))
        end = local(times["endTime"], times.get("endUtcOffset"))
        if "minutesAsleep" not in summary:
            return None
        notes = night.get("metadata", {})
        record = record_of(row) or str(notes.get("externalId", ""))
        return Sample(
            measure=measures.SLEEP,
            value=Decimal(summary["minutesAsleep"]),
            start=start,
            end=end,
            record=record or f"{utc(start)}/{utc(end)}",
            granularity=EPISODE,
            open=not notes.get("processed", True),
            entry=entry_of(row),
            components=tuple(parts(night, start, end)),
        )

    return Metric(
        measure=measures.SLEEP,
        ask=listing("sleep", "sleep.interval.end_time", page_size=25),
        read=read,
        rows=LISTED,
        scope=SLEEP,
    )
