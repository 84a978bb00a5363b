"""What is found out and written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.hospital.codes import Concept
from connectors.sandbox.hospital.measures import Measure


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A vital sign, a laboratory value or an answer.

    `values` has several for a panel in one (blood pressure).
    """

    key: str
    measure: Measure
    at: datetime
    filed: datetime
    values: tuple[float, ...] = ()
    answer: Concept | None = None
    visit: str | None = None
    doctor: str
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A laboratory report over readings, or an imaging one with words alone."""

    key: str
    concept: Concept
    section: str  # LAB, RAD, PAT: HL7 table 0074
    at: datetime
    filed: datetime
    readings: tuple[str, ...]
    visit: str
    doctor: str
    place: str
    conclusion: str = ""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A note as the patient may read it.

    `media` is the file it comes as: text/html or application/pdf (paper.py).
    """

    key: str
    concept: Concept
    title: str
    at: datetime
    visit: str
    doctor: str
    paragraphs: tuple[str, ...]
    media: str = "text/html"
