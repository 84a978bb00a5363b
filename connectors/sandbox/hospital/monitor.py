"""Results that keep coming: one every ten minutes since 2020, of which the hospital shows the last
24 hours.

How many there are at an instant, and what they say, depends on the instant alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.hospital.facts.findings import Reading
from connectors.sandbox.hospital.measures import Measure
from connectors.sandbox.seeds import spread

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=10)
SHOWN = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """A home monitor that reports to the hospital.

    `level` plus what meals or the time of day do, plus scatter.
    """

    seed: str
    measure: Measure
    zone: ZoneInfo
    level: float
    swing: float
    scatter: float
    doctor: str
    says: str

    def readings(self, now: datetime) -> Iterator[Reading]:
        """The readings shown at `now`, oldest first: those of (now - 24 h, now]."""
        last = (now - EPOCH) // EVERY
        first = (now - SHOWN - EPOCH) // EVERY + 1
        for number in range(first, last + 1):
            at = EPOCH + number * EVERY
            yield self.reading(key=f"monitor/{number}", at=at)

    def reading(self, *, key: str, at: datetime) -> Reading:
        """What the monitor shows at a moment."""
        local = at.astimezone(self.zone)
        hour = local.hour + local.minute / 60
        meals = sum(math.exp(-(((hour - meal) / 0.9) ** 2)) for meal in (8.5, 13.0, 19.5))
        value = self.level + self.swing * meals + self.scatter * spread(self.seed, key)
        return Reading(
            key=key,
            measure=self.measure,
            at=at,
            filed=at,
            values=(round(value, self.measure.digits),),
            doctor=self.doctor,
            comment=self.says,
        )
