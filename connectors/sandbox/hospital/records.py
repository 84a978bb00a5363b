"""A person's record at an instant, with the results asked for over the control API."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from connectors.sandbox.hospital.directory import hospital as by_number
from connectors.sandbox.hospital.facts import Reading
from connectors.sandbox.hospital.hospital import Hospital, Resource
from connectors.sandbox.hospital.monitor import ADDED, Monitor
from connectors.sandbox.seeds import source_id, spread
from connectors.sandbox.state import State

_LEVELS = dict(zip((m.key for m in ADDED), (6.9, 4.4, 1.02, 88.0, 13.9), strict=True))
_SCATTER = dict(zip((m.key for m in ADDED), (0.2, 0.2, 0.06, 8.0, 0.4), strict=True))


@lru_cache(maxsize=8)
def _told(system: int, patient: str, now: datetime) -> tuple[Resource, ...]:
    house = by_number(system)
    assert house is not None  # callers hold the hospital
    return tuple(house.renderer.record(house.records[patient].life(now)))


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
    entry = hospital.records[patient]
    life = entry.life(now)
    found = []
    for number, at in asked:
        if at <= now:
            reading = asked_reading(entry.monitor, number=number, at=at)
            found.append(hospital.renderer.result(life, reading))
    return found


def asked_reading(monitor: Monitor, *, number: int, at: datetime) -> Reading:
    """The reading of the result that was asked for as the `number`th."""
    measure = ADDED[number % len(ADDED)]
    value = _LEVELS[measure.key] + _SCATTER[measure.key] * spread(monitor.seed, "asked", number)
    return Reading(
        key=f"asked/{number}",
        measure=measure,
        at=at - timedelta(minutes=30),
        filed=at,
        values=(round(value, measure.digits),),
        doctor=monitor.doctor,
        comment="Asked for over the control API.",
    )


def asked_result_id(patient: str, number: int) -> str:
    """The id of the Observation of a result that was asked for."""
    return source_id(patient, "Observation", f"asked/{number}")
