"""Observation."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.sandbox.hospital.codes import UCUM
from connectors.sandbox.hospital.facts.findings import Reading
from connectors.sandbox.hospital.fhir.shared import (
    Chartroom,
    Resource,
    instant,
    local,
    note,
    resource,
)
from connectors.sandbox.hospital.measures import Measure

_CATEGORIES = {
    "vital-signs": "Vital Signs",
    "laboratory": "Laboratory",
    "social-history": "Social History",
    "survey": "Survey",
}


def readings(room: Chartroom) -> Iterator[Resource]:
    """The observations: vital signs, laboratory values, answers."""
    for reading in room.life.readings:
        yield observation(room, reading)


def observation(room: Chartroom, reading: Reading) -> Resource:
    """One observation; a panel in one (blood pressure) has components and no value on top."""
    measure = reading.measure
    category = room.coded("observation-category", measure.category, _CATEGORIES[measure.category])
    body = resource(
        "Observation",
        room.id("Observation", reading.key),
        updated=reading.filed,
        lines=(f"{measure.concept.text}: {_words(reading)} on {reading.at:%Y-%m-%d}",),
        status="final",
        category=category if room.old else [category],
        code=room.concept(measure.concept),
        subject=room.subject(),
        **room.at_visit(reading.visit),
        effectiveDateTime=local(reading.at),
        issued=instant(reading.filed),
        performer=[room.doctor(reading.doctor)],
        **room.by(
            dstu2={"comments": reading.comment},
            stu3={"comment": reading.comment},
            r4={"note": note(reading.comment)},
        ),
    )
    if reading.answer:
        body["valueCodeableConcept"] = room.concept(reading.answer)
    elif measure.parts:
        body["component"] = [
            {"code": room.concept(part.concept), "valueQuantity": _quantity(part, value)}
            for part, value in zip(measure.parts, reading.values, strict=True)
        ]
    else:
        body["valueQuantity"] = _quantity(measure, reading.values[0])
        body.update(_judged(room, measure, reading.values[0]))
    return body


def _quantity(measure: Measure, value: float) -> Resource:
    return {
        "value": _number(measure, value),
        "unit": measure.unit,
        "system": UCUM,
        "code": measure.ucum,
    }


def _number(measure: Measure, value: float) -> int | Decimal:
    """The value with all the digits that were measured: 1.10 is not 1.1."""
    return Decimal(f"{value:.{measure.digits}f}") if measure.digits else int(value)


def _words(reading: Reading) -> str:
    if reading.answer:
        return reading.answer.text
    measure = reading.measure
    if measure.parts:
        numbers = "/".join(f"{value:.0f}" for value in reading.values)
        return f"{numbers} {measure.parts[0].unit}"
    return f"{reading.values[0]:.{measure.digits}f} {measure.unit}"


def _judged(room: Chartroom, measure: Measure, value: float) -> Resource:
    if measure.low is None and measure.high is None:
        return {}
    code, word = "N", "Normal"
    if measure.high is not None and value > measure.high:
        code, word = "H", "High"
    elif measure.low is not None and value < measure.low:
        code, word = "L", "Low"
    name = "v3/ObservationInterpretation" if room.version == "r4" else "v2/0078"
    verdict = room.coded(name, code, word)
    bounds = {
        name: _quantity(measure, bound)
        for name, bound in (("low", measure.low), ("high", measure.high))
        if bound is not None
    }
    return {
        "interpretation": [verdict] if room.version == "r4" else verdict,
        "referenceRange": [bounds],
    }
