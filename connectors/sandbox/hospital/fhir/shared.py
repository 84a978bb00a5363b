"""What all resources are put together from: references, concepts, moments, narrative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from typing import Any

from connectors.sandbox.hospital.codes import ROLE, Concept
from connectors.sandbox.hospital.facts.life import Life
from connectors.sandbox.hospital.ids import Ids

Resource = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Chartroom:
    """A life, the FHIR version it is written in and the ids its resources bear.

    People, houses and their ids are the hospital's, the rest the patient's.
    """

    life: Life
    version: str  # dstu2, stu3, r4
    ids: Ids

    def by(self, *, dstu2: Any, stu3: Any, r4: Any) -> Any:
        """What this version says: a value, or elements by name."""
        return {"dstu2": dstu2, "stu3": stu3, "r4": r4}[self.version]

    @property
    def old(self) -> bool:
        """Whether it is DSTU2."""
        return self.version == "dstu2"

    @property
    def patient(self) -> str:
        return self.life.person.patient_id

    def id(self, type_: str, key: str) -> str:
        """The id of the patient's own resource."""
        return self.life.ids.get(f"{type_}/{key}") or self.ids(self.patient, type_, key)

    def house_id(self, type_: str, key: str) -> str:
        """The id of an organization or location, the same in every record of the hospital."""
        return self.ids("house", type_ + key, length=24)

    def doctor_id(self, key: str) -> str:
        """The id of a practitioner, the same in every record of the hospital."""
        return self.life.doctor(key).source_id or self.ids("house", key, length=24)

    def own(self, type_: str, key: str) -> Resource:
        """A reference to a resource of the patient."""
        return {"reference": f"{type_}/{self.id(type_, key)}"}

    def conditions(self, keys: Iterable[str]) -> list[Resource]:
        """References to problems, those that are known already."""
        known = {problem.key for problem in self.life.problems}
        return [self.own("Condition", key) for key in keys if key in known]

    def subject(self) -> Resource:
        """The reference to the patient."""
        return {"reference": f"Patient/{self.patient}", "display": self.life.person.text}

    def doctor(self, key: str) -> Resource:
        """The reference to a practitioner."""
        reference = f"Practitioner/{self.doctor_id(key)}"
        return {"reference": reference, "display": self.life.doctor(key).text}

    def place(self, key: str, type_: str = "Organization") -> Resource:
        """The reference to an organization or location."""
        reference = f"{type_}/{self.house_id(type_, key)}"
        return {"reference": reference, "display": self.life.place(key).name}

    def visit(self, key: str | None) -> Resource | None:
        """The reference to an encounter; None for no visit, or one that is not over yet."""
        if key is None or key not in self.life.visit_keys:
            return None
        return self.own("Encounter", key)

    def at_visit(self, key: str | None) -> Resource:
        """The element that names the encounter, empty where there is none."""
        visit = self.visit(key)
        name = self.by(dstu2="encounter", stu3="context", r4="encounter")
        return {name: visit} if visit else {}

    def whose(self, dstu2: str = "patient") -> Resource:
        """The element that names the patient: `dstu2` there, `subject` later."""
        return {dstu2 if self.old else "subject": self.subject()}

    def system(self, name: str) -> str:
        """The address of one of HL7's code systems: `condition-category`, `v2/0203`."""
        if self.version == "r4":
            return f"http://terminology.hl7.org/CodeSystem/{name.replace('/', '-')}"
        return f"http://hl7.org/fhir/{name}"

    def coded(self, system: str, code: str, text: str) -> Resource:
        """A CodeableConcept of one of HL7's codes."""
        coding = {"system": self.system(system), "code": code, "display": text}
        return {"coding": [coding], "text": text}

    def concept(self, value: Concept) -> Resource:
        """A CodeableConcept."""
        codings = [
            {
                "system": self.system("v3/RoleCode") if system == ROLE else system,
                "code": code,
                "display": value.text,
            }
            for system, code in value.codings
        ]
        return {"coding": codings, "text": value.text} if codings else {"text": value.text}


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


def note(text: str) -> list[Resource]:
    """An Annotation, none for no text."""
    return [{"text": text}] if text else []


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
