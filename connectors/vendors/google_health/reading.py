"""Rows of the Google Health API: 64-bit numbers are strings, times UTC with an offset beside."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from connectors.mapping import measures
from connectors.mapping.sample import BY_DEVICE, BY_HAND, UNSURE, Component
from connectors.metric import Row

STAGES = {
    "DEEP": measures.DEEP_SLEEP,
    "LIGHT": measures.LIGHT_SLEEP,
    "REM": measures.REM_SLEEP,
    "AWAKE": measures.AWAKE,
}


def date_of(civil: Row) -> date:
    """A local day."""
    return date(int(civil["year"]), int(civil["month"]), int(civil["day"]))


def instant(text: str) -> datetime:
    """A time with an offset, whole seconds. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment.replace(microsecond=0)


def local(text: str, offset: str | None) -> datetime:
    """An instant shown with the offset ("3600s") that stands beside it."""
    seconds = float((offset or "0s").removesuffix("s"))
    return instant(text).astimezone(timezone(timedelta(seconds=seconds)))


def record_of(row: Row) -> str:
    """The last part of a point's name; some points have none."""
    return str(row.get("name", "")).rpartition("/")[2]


def entry_of(row: Row) -> str:
    """Whether a device or a person entered it."""
    method = row.get("dataSource", {}).get("recordingMethod", "")
    return {"MANUAL": BY_HAND, "UNKNOWN": UNSURE}.get(method, BY_DEVICE)


def parts(night: Row, start: datetime, end: datetime) -> list[Component]:
    """Stages and the rest of the summary; a night without stages (`CLASSIC`) gets none made up."""
    summary = night["summary"]
    minutes = Decimal(int((end - start).total_seconds() // 60))
    found = [Component(measure=measures.TIME_IN_BED, value=minutes)]
    if "minutesToFallAsleep" in summary:
        latency = Decimal(summary["minutesToFallAsleep"])
        found.append(Component(measure=measures.SLEEP_LATENCY, value=latency))
    for stage in summary.get("stagesSummary", []) if night.get("type") == "STAGES" else []:
        if stage.get("type") in STAGES:
            value = Decimal(stage["minutes"])
            found.append(Component(measure=STAGES[stage["type"]], value=value))
        if stage.get("type") == "AWAKE" and "count" in stage:
            count = Decimal(stage["count"])
            found.append(Component(measure=measures.AWAKENINGS, value=count))
    return found
