"""A person's record at an instant, with the results asked for over the control API."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from connectors.sandbox.hospital import measures as m
from connectors.sandbox.hospital.directory import hospital as by_number
from connectors.sandbox.hospital.facts.findings import Reading
from connectors.sandbox.hospital.fhir.shared import Resource
from connectors.sandbox.hospital.hospital import Hospital
from connectors.sandbox.seeds import spread
from connectors.sandbox.state import State

_ASKED = (
    (m.HBA1C, 6.9, 0.2),
    (m.POTASSIUM, 4.4, 0.2),
    (m.CREATININE, 1.02, 0.06),
    (m.LDL, 88.0, 8.0),
    (m.HEMOGLOBIN, 13.9, 0.4),
)
"""What a result asked for is, in turn: measure, level, scatter."""


@lru_cache(maxsize=32)
def _told(system: int, patient: str, now: datetime) -> tuple[Resource, ...]:
    house = by_number(system)
    assert house is not None  # callers hold the hospital
    return tuple(house.record(patient, now))


def record(hospital: Hospital, patient: str, *, now: datetime, state: State) -> list[Resource]:
    """All resources of a person's record at `now`, oldest change first.

    They are shared between callers: copy one before changing it.
    """
    minute = now.replace(second=0, microsecond=0)
    told = [*_told(hospital.system, patient, minute), *_added(hospital, patient, now, state)]
    return sorted(
        told, key=lambda r: (r["meta"]["lastUpdated"], r["resourceType"], r.get("id", ""))
    )


def _added(hospital: Hospital, patient: str, now: datetime, state: State) -> list[Resource]:
    asked = state.results(system=hospital.system, account=patient)
    if not asked:
        return []
    life = hospital.records[patient].life(now)
    return [
        hospital.result(life, _reading(patient, life.person.doctor, number=number, at=at))
        for number, at in asked
        if at <= now
    ]


def _reading(patient: str, doctor: str, *, number: int, at: datetime) -> Reading:
    measure, level, scatter = _ASKED[number % len(_ASKED)]
    value = level + scatter * spread(patient, "asked", number)
    return Reading(
        key=_asked_key(number),
        measure=measure,
        at=at - timedelta(minutes=30),
        filed=at,
        values=(round(value, measure.digits),),
        doctor=doctor,
        comment="Asked for over the control API.",
    )


def _asked_key(number: int) -> str:
    return f"asked/{number}"


def asked_result_id(hospital: Hospital, patient: str, number: int) -> str:
    """The id of the Observation of a result that was asked for."""
    return hospital.ids(patient, "Observation", _asked_key(number))
