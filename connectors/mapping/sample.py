"""A reading of a wearable, before it becomes FHIR."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.mapping.measures import Measure

DAY_TOTAL, INTERVAL, SINGLE, EPISODE = "daily-total", "interval", "sample", "episode"
BY_DEVICE, BY_HAND, UNSURE = "device", "manual", "ambiguous"


@dataclass(frozen=True, kw_only=True)
class Component:
    """A part of a reading: deep sleep of a night."""

    measure: Measure
    value: Decimal


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One reading. `start` (and `end`, None for a point in time) carry the local offset. `record`
    is what makes it this reading whatever its value: a local date, `start/end` in UTC, or the
    vendor's id. `open` says that the value may still grow; `zone_known` that the offset is the
    vendor's word, not our assumption.
    """

    measure: Measure
    value: Decimal
    start: datetime
    end: datetime | None = None
    record: str
    granularity: str
    open: bool = False
    entry: str = BY_DEVICE
    zone_known: bool = True
    components: tuple[Component, ...] = ()
