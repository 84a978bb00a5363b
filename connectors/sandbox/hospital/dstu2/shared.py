"""What all DSTU2 resources are put together from: references, concepts, moments, narrative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from typing import Any

from connectors.sandbox.hospital.codes import Concept
from connectors.sandbox.hospital.facts import Life
from connectors.sandbox.seeds import source_id

Resource = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Chartroom:
    """A life with the ids its resources bear.

    People, houses and their ids are the hospital's, the rest the patient's.
    """

    life: Life

    @property
    def patient(self) -> str:
        return self.life.person.patient_id

    def id(self, type_: str, key: str, given: str | None = None) -> str:
        """The id of the patient's own resource; `given` where history has fixed it."""
        return given or source_id(self.patient, type_, key)

    def own(self, type_: str, key: str, given: str | None = None) -> Resource:
        """A reference to a resource of the patient."""
        return {"reference": f"{type_}/{self.id(type_, key, given)}"}

    def subject(self) -> Resource:
        """The reference to the patient."""
        return {"reference": f"Patient/{self.patient}", "display": self.life.person.text}

    def doctor(self, key: str) -> Resource:
        """The reference to a practitioner."""
        doctor = next(d for d in self.life.doctors if d.key == key)
        return {
            "reference": f"Practitioner/{house_id(key, doctor.source_id)}",
            "display": doctor.text,
        }

    def place(self, key: str, type_: str = "Organization") -> Resource:
        """The reference to an organization or location."""
        place = next(p for p in self.life.places if p.key == key)
        return {"reference": f"{type_}/{house_id(type_ + key)}", "display": place.name}

    def visit(self, key: str | None) -> Resource | None:
        """The reference to an encounter; None for no visit, or one that is not over yet."""
        if key is None or all(visit.key != key for visit in self.life.visits):
            return None
        return self.own("Encounter", key)


def house_id(key: str, given: str | None = None) -> str:
    """The id of a practitioner, organization or location.

    The same in every record of the hospital.
    """
    return given or source_id("house", key, length=24)


def concept(value: Concept) -> Resource:
    """A CodeableConcept."""
    codings = [
        {"system": system, "code": code, "display": value.text} for system, code in value.codings
    ]
    return {"coding": codings, "text": value.text} if codings else {"text": value.text}


def coded(system: str, code: str, text: str) -> Resource:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def instant(moment: datetime) -> str:
    """An instant in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(moment: datetime) -> str:
    """A dateTime with the offset of where it was."""
    return moment.isoformat(timespec="seconds")


def narrative(*lines: str) -> Resource:
    """`text` of the lines, one paragraph each."""
    body = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>',
    }


def resource(
    type_: str, id_: str, /, *, updated: datetime | date, lines: Iterable[str], **elements: Any
) -> Resource:
    """A resource: type, id, meta, narrative and its elements.

    Those that are None or empty are left out.
    """
    if not isinstance(updated, datetime):
        updated = datetime(updated.year, updated.month, updated.day, 18, tzinfo=UTC)
    body = {
        "resourceType": type_,
        "id": id_,
        "meta": {"versionId": "1", "lastUpdated": instant(updated)},
        "text": narrative(*lines),
    }
    body.update(
        {name.rstrip("_"): value for name, value in elements.items() if value not in (None, [], "")}
    )
    return body
