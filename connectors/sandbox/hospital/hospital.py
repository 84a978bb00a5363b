"""A simulated hospital: a house whose people have records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox.hospital.facts import Life, Reading
from connectors.sandbox.hospital.monitor import Monitor
from connectors.sandbox.house import House

Resource = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Renderer:
    """How facts become resources of one FHIR version."""

    version: str  # "dstu2", "stu3", "r4"
    fhir_version: str  # "1.0.2"
    media: str  # the content type of its answers
    record: Callable[[Life], list[Resource]]
    result: Callable[[Life, Reading], Resource]
    patient_element: Mapping[str, Sequence[str]]  # type -> paths of the reference to the patient
    binary_content: str  # the element of Binary that holds the bytes


@dataclass(frozen=True, kw_only=True)
class Record:
    """One person's record: how to tell it at an instant, and the monitor that adds to it."""

    life: Callable[[datetime], Life]
    monitor: Monitor


@dataclass(frozen=True, kw_only=True)
class Hospital(House):
    """A house with records by patient id, served in one FHIR version."""

    renderer: Renderer
    records: Mapping[str, Record]
