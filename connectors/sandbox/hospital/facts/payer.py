"""Who pays: insurance, and what was charged and paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from connectors.sandbox.hospital.codes import Concept


@dataclass(frozen=True, kw_only=True)
class Cover:
    """An insurance policy. `payer` is the key of a place."""

    key: str
    name: str
    kind: Concept
    member: str
    start: date
    payer: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A settled claim for a visit or a dispensed drug; money in cents."""

    key: str
    cover: str
    sort: str  # professional, pharmacy
    service: Concept
    diagnosis: Concept | None
    served: datetime
    settled: datetime
    doctor: str
    place: str
    charged: int
    allowed: int
    paid: int


@dataclass(frozen=True, kw_only=True)
class Referral:
    """One doctor sends the person to another."""

    key: str
    specialty: Concept
    reason: Concept
    written: datetime
    visit: str
    doctor: str
    to: str
