"""The cloud of the simulated band: who has an account there, and whose body it is.

System 4709 of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from connectors.sandbox.house import Account, Group, House
from connectors.sandbox.wearable import kinds
from connectors.sandbox.wearable.body import Body


@dataclass(frozen=True, kw_only=True)
class Cloud(House):
    """A house with bodies by account id."""

    bodies: Mapping[str, Body]


GOOGLE = Cloud(
    system=4709,
    kind="device",
    name="Sandbox Band",
    initials="SB",
    notice="Simulated wearable. Do not enter real data.",
    what="measurements",
    rotates_refresh=False,
    accounts=(
        Account(
            username="demo",
            password="demo",
            name="Demo walker",
            line="Band and scale, New York time",
            subject="AB12CD",
        ),
    ),
    groups=(
        Group(key="activity", title="Steps and exercise", opens=(kinds.ACTIVITY,)),
        Group(key="body", title="Pulse, weight and breathing", opens=(kinds.MEASUREMENTS,)),
        Group(key="sleep", title="Sleep", opens=(kinds.SLEEP,)),
    ),
    bodies={
        "AB12CD": Body(
            seed="AB12CD",
            zone=ZoneInfo("America/New_York"),
            since=date(2024, 3, 2),
            habit=8200,
            stride=740,
            rest=61,
            kilos=81.4,
            height=176,
        )
    },
)

CLOUDS = (GOOGLE,)
