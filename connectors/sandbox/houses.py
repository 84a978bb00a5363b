"""Every house of the sandbox, hospitals and clouds."""

from __future__ import annotations

from connectors.sandbox.hospital.directory import HOSPITALS
from connectors.sandbox.house import House
from connectors.sandbox.wearable.cloud import CLOUDS

HOUSES: tuple[House, ...] = (*HOSPITALS, *CLOUDS)


def house(system: object) -> House | None:
    """The house of a catalogue number."""
    return next((h for h in HOUSES if h.system == system), None)
