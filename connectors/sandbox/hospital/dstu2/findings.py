"""Observation, DiagnosticReport, DocumentReference, Binary."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from connectors.sandbox.hospital.codes import UCUM
from connectors.sandbox.hospital.dstu2.shared import (
    Chartroom,
    Resource,
    coded,
    concept,
    instant,
    local,
    resource,
)
from connectors.sandbox.hospital.facts import Document, Reading
from connectors.sandbox.hospital.measures import Measure
from connectors.sandbox.hospital.paper import written

_CATEGORIES = {
    "vital-signs": "Vital Signs",
    "laboratory": "Laboratory",
    "social-history": "Social History",
}
_SECTIONS = {"LAB": "Laboratory", "RAD": "Radiology", "PAT": "Pathology"}


def readings(room: Chartroom) -> Iterator[Resource]:
    """The observations: vital signs, laboratory values, answers."""
    for reading in room.life.readings:
        yield observation(room, reading)


def observation(room: Chartroom, reading: Reading) -> Resource:
    """One observation; a panel in one (blood pressure) has components and no value on top."""
    measure = reading.measure
    title = _CATEGORIES[measure.category]
    body = resource(
        "Observation",
        room.id("Observation", reading.key),
        updated=reading.filed,
        lines=(f"{measure.concept.text}: {_words(reading)} on {reading.at:%Y-%m-%d}",),
        status="final",
        category=coded("http://hl7.org/fhir/observation-category", measure.category, title),
        code=concept(measure.concept),
        subject=room.subject(),
        encounter=room.visit(reading.visit),
        effectiveDateTime=local(reading.at),
        issued=instant(reading.filed),
        performer=[room.doctor(reading.doctor)],
        comments=reading.comment,
    )
    if reading.answer:
        body["valueCodeableConcept"] = concept(reading.answer)
    elif measure.parts:
        body["component"] = [
            {"code": concept(part.concept), "valueQuantity": _quantity(part, value)}
            for part, value in zip(measure.parts, reading.values, strict=True)
        ]
    else:
        body["valueQuantity"] = _quantity(measure, reading.values[0])
        body.update(_judged(measure, reading.values[0]))
    return body


def _quantity(measure: Measure, value: float) -> Resource:
    number = value if measure.digits else int(value)
    return {"value": number, "unit": measure.unit, "system": UCUM, "code": measure.ucum}


def _words(reading: Reading) -> str:
    if reading.answer:
        return reading.answer.text
    measure = reading.measure
    if measure.parts:
        numbers = "/".join(f"{value:.0f}" for value in reading.values)
        return f"{numbers} {measure.parts[0].unit}"
    return f"{reading.values[0]:.{measure.digits}f} {measure.unit}"


def _judged(measure: Measure, value: float) -> Resource:
    if measure.low is None and measure.high is None:
        return {}
    code, word = "N", "Normal"
    if measure.high is not None and value > measure.high:
        code, word = "H", "High"
    elif measure.low is not None and value < measure.low:
        code, word = "L", "Low"
    bounds = {
        name: {"value": bound, "unit": measure.unit, "system": UCUM, "code": measure.ucum}
        for name, bound in (("low", measure.low), ("high", measure.high))
        if bound is not None
    }
    return {
        "interpretation": coded("http://hl7.org/fhir/v2/0078", code, word),
        "referenceRange": [bounds],
    }


def reports(room: Chartroom) -> Iterator[Resource]:
    """The diagnostic reports, each over the observations it brought."""
    for report in room.life.reports:
        section = _SECTIONS[report.section]
        yield resource(
            "DiagnosticReport",
            room.id("DiagnosticReport", report.key),
            updated=report.filed,
            lines=(f"{report.concept.text}, {report.at:%Y-%m-%d}", report.conclusion),
            status="final",
            category=coded("http://hl7.org/fhir/v2/0074", report.section, section),
            code=concept(report.concept),
            subject=room.subject(),
            encounter=room.visit(report.visit),
            effectiveDateTime=local(report.at),
            issued=instant(report.filed),
            performer=room.place(report.place),
            result=[room.own("Observation", key) for key in report.readings],
            conclusion=report.conclusion,
        )


def documents(room: Chartroom) -> Iterator[Resource]:
    """The notes; each has its text in a Binary of the same key."""
    for document in room.life.documents:
        visit = room.visit(document.visit)
        raw = _bytes(room, document)
        yield resource(
            "DocumentReference",
            room.id("DocumentReference", document.key),
            updated=document.at,
            lines=(document.title,),
            subject=room.subject(),
            type_=concept(document.concept),
            author=[room.doctor(document.doctor)],
            custodian=room.place("hospital"),
            created=local(document.at),
            indexed=instant(document.at),
            status="current",
            docStatus=coded("http://hl7.org/fhir/composition-status", "final", "Final"),
            description=document.title,
            content=[
                {
                    "attachment": {
                        "contentType": document.media,
                        "url": f"Binary/{room.id('Binary', document.key)}",
                        "size": len(raw),
                        "title": document.title,
                    }
                }
            ],
            context={"encounter": visit, "period": {"start": local(document.at)}}
            if visit
            else None,
        )


def binaries(room: Chartroom) -> Iterator[Resource]:
    """The notes' contents. A Binary has neither narrative nor patient in DSTU2."""
    for document in room.life.documents:
        yield {
            "resourceType": "Binary",
            "id": room.id("Binary", document.key),
            "meta": {"versionId": "1", "lastUpdated": instant(document.at)},
            "contentType": document.media,
            "content": base64.b64encode(_bytes(room, document)).decode(),
        }


def _bytes(room: Chartroom, document: Document) -> bytes:
    doctor = next(d for d in room.life.doctors if d.key == document.doctor)
    foot = f"{room.life.person.text} · {document.at:%d %b %Y} · {doctor.text}"
    return written(document, foot=foot)
