"""What a person is given and takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from connectors.sandbox.hospital.codes import Concept


@dataclass(frozen=True, kw_only=True)
class Prescription:
    """A drug ordered at a visit. `times` a day; 0 means as needed."""

    key: str
    drug: Concept
    visit: str
    written: datetime
    ended: date | None = None
    problem: str
    doctor: str
    dose: str
    times: int
    amount: float
    unit: str
    refills: int = 3


@dataclass(frozen=True, kw_only=True)
class Intake:
    """A drug the person says they take. With `prescription`, the ordered one."""

    key: str
    drug: Concept
    stated: datetime
    start: date
    ended: date | None = None
    dose: str
    prescription: str | None = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shot:
    key: str
    vaccine: Concept
    at: datetime
    lot: str
    maker: str
    visit: str | None
    doctor: str
    place: str
    reported: bool = False
    dose: int = 1
