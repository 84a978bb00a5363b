"""Who works at a hospital, and its houses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from connectors.sandbox.hospital.codes import concept
from connectors.sandbox.hospital.data import read
from connectors.sandbox.hospital.facts.people import Doctor, Place


@dataclass(frozen=True, kw_only=True)
class Staff:
    """The doctors and places of a file in data/staff/."""

    doctors: tuple[Doctor, ...]
    places: tuple[Place, ...]


@cache
def staff(name: str) -> Staff:
    """The staff of a hospital, `regional`."""
    told = read(f"staff/{name}")
    doctors = (
        Doctor(**{"prefix": "Dr.", **row, "specialty": concept(row["specialty"])})
        for row in told["doctors"]
    )
    return Staff(doctors=tuple(doctors), places=tuple(Place(**row) for row in told["places"]))
