"""DiagnosticReport, DocumentReference, Binary."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from connectors.sandbox.hospital.facts.findings import Document
from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource, instant, local, resource
from connectors.sandbox.hospital.paper import written

_SECTIONS = {"LAB": "Laboratory", "RAD": "Radiology", "PAT": "Pathology"}
_US_CORE_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"


def reports(room: Chartroom) -> Iterator[Resource]:
    """The diagnostic reports, each over the observations it brought."""
    for report in room.life.reports:
        section = room.coded("v2/0074", report.section, _SECTIONS[report.section])
        place = room.place(report.place)
        yield resource(
            "DiagnosticReport",
            room.id("DiagnosticReport", report.key),
            updated=report.filed,
            lines=(f"{report.concept.text}, {report.at:%Y-%m-%d}", report.conclusion),
            status="final",
            category=[section] if room.version == "r4" else section,
            code=room.concept(report.concept),
            subject=room.subject(),
            **room.at_visit(report.visit),
            effectiveDateTime=local(report.at),
            issued=instant(report.filed),
            performer=room.by(dstu2=place, stu3=[{"actor": place}], r4=[place]),
            result=[room.own("Observation", key) for key in report.readings],
            conclusion=report.conclusion,
        )


def documents(room: Chartroom) -> Iterator[Resource]:
    """The notes; each has its text in a Binary of the same key."""
    for document in room.life.documents:
        visit = room.visit(document.visit)
        at = instant(document.at)
        context: Resource = {"period": {"start": local(document.at)}}
        if visit:
            context["encounter"] = [visit] if room.version == "r4" else visit
        note = {
            "coding": [
                {"system": _US_CORE_CATEGORY, "code": "clinical-note", "display": "Clinical Note"}
            ],
            "text": "Clinical Note",
        }
        final = room.coded("composition-status", "final", "Final")
        yield resource(
            "DocumentReference",
            room.id("DocumentReference", document.key),
            updated=document.at,
            lines=(document.title,),
            subject=room.subject(),
            type_=room.concept(document.concept),
            author=[room.doctor(document.doctor)],
            custodian=room.place("hospital"),
            status="current",
            docStatus=final if room.old else "final",
            description=document.title,
            content=[
                {
                    "attachment": {
                        "contentType": document.media,
                        "url": f"Binary/{room.id('Binary', document.key)}",
                        "size": len(_bytes(room, document)),
                        "title": document.title,
                    }
                }
            ],
            context=context if visit else None,
            **room.by(
                dstu2={"created": local(document.at), "indexed": at},
                stu3={"created": local(document.at), "indexed": at},
                r4={"date": at, "category": [note]},
            ),
        )


def binaries(room: Chartroom) -> Iterator[Resource]:
    """The notes' contents. A Binary has no narrative, and no patient before R4."""
    for document in room.life.documents:
        yield {
            "resourceType": "Binary",
            "id": room.id("Binary", document.key),
            "meta": {"versionId": "1", "lastUpdated": instant(document.at)},
            "contentType": document.media,
            binary_content(room.version): base64.b64encode(_bytes(room, document)).decode(),
        }


def binary_content(version: str) -> str:
    """The element of a Binary that holds the bytes."""
    return "data" if version == "r4" else "content"


def _bytes(room: Chartroom, document: Document) -> bytes:
    doctor = room.life.doctor(document.doctor)
    foot = f"{room.life.person.text} · {document.at:%d %b %Y} · {doctor.text}"
    return written(document, foot=foot)
