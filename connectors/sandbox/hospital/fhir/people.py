"""Patient, Practitioner, FamilyMemberHistory, Device."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sandbox.hospital.codes import UCUM
from connectors.sandbox.hospital.facts.people import Doctor
from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource, instant, resource

_PHONE = "phone"


def patient(room: Chartroom) -> Resource:
    """The patient; every name has its text."""
    person = room.life.person
    status = ("M", "Married") if person.married else ("S", "Never Married")
    full = " ".join((*person.given, person.family))
    contact, relationship, phone = person.contact
    family = [person.family] if room.old else person.family
    doctor = room.doctor(person.doctor)
    return resource(
        "Patient",
        person.patient_id,
        updated=room.life.registered,
        lines=(f"{full}, {person.gender}, born {person.born}", f"Record {person.mrn}"),
        identifier=[
            {
                "use": "usual",
                "type": room.coded("v2/0203", "MR", "Medical record number"),
                "system": "urn:oid:2.16.840.1.113883.3.999.1.14",
                "value": person.mrn,
            }
        ],
        active=True,
        name=[{"use": "official", "text": full, "family": family, "given": list(person.given)}],
        telecom=[
            {"system": _PHONE, "value": person.phone, "use": "mobile"},
            {"system": "email", "value": person.email},
        ],
        gender=person.gender,
        birthDate=person.born.isoformat(),
        deceasedBoolean=False,
        address=[
            {
                "use": "home",
                "text": f"{person.street}, {person.city}, {person.state} {person.postcode}",
                "line": [person.street],
                "city": person.city,
                "state": person.state,
                "postalCode": person.postcode,
                "country": "US",
            }
        ],
        maritalStatus=room.coded("v3/MaritalStatus", *status),
        contact=[
            {
                "relationship": [{"text": relationship}],
                "name": {"text": contact},
                "telecom": [{"system": _PHONE, "value": phone}],
            }
        ],
        communication=[{"language": _english(), "preferred": True}],
        managingOrganization=room.place(person.place),
        **{"careProvider" if room.old else "generalPractitioner": [doctor]},
    )


def _english() -> Resource:
    coding = {"system": "urn:ietf:bcp:47", "code": "en", "display": "English"}
    return {"coding": [coding], "text": "English"}


def practitioner(room: Chartroom, doctor: Doctor) -> Resource:
    """A doctor with specialty; DSTU2 has the employer here as well."""
    specialty = room.concept(doctor.specialty)
    name = {
        "text": doctor.text,
        "family": [doctor.family] if room.old else doctor.family,
        "given": [doctor.given],
        "prefix": [doctor.prefix],
    }
    role = {"managingOrganization": room.place("hospital"), "specialty": [specialty]}
    return resource(
        "Practitioner",
        room.doctor_id(doctor.key),
        updated=room.life.registered,
        lines=(f"{doctor.text}, {doctor.specialty.text}",),
        identifier=[{"system": "http://hl7.org/fhir/sid/us-npi", "value": doctor.npi}],
        active=True,
        name=name if room.old else [name],
        practitionerRole=[role] if room.old else None,
        qualification=None if room.old else [{"code": specialty}],
    )


def relatives(room: Chartroom) -> Iterator[Resource]:
    """The family history."""
    for relative in room.life.relatives:
        words = [f"{problem.text} at {age}" for problem, age in relative.problems]
        age_type = "Quantity" if room.old else "Age"
        gender = {"gender": relative.gender}
        sex = room.coded("administrative-gender", relative.gender, relative.gender.title())
        sex["coding"][0]["system"] = "http://hl7.org/fhir/administrative-gender"
        body = resource(
            "FamilyMemberHistory",
            room.id("FamilyMemberHistory", relative.key),
            updated=relative.recorded,
            lines=(f"{relative.relationship.text}: {', '.join(words) or 'healthy'}",),
            patient=room.subject(),
            date=instant(relative.recorded),
            status="completed",
            name=relative.name,
            relationship=room.concept(relative.relationship),
            bornDate=str(relative.born),
            condition=[
                {"code": room.concept(problem), f"onset{age_type}": _years(age)}
                for problem, age in relative.problems
            ],
            **room.by(dstu2=gender, stu3=gender, r4={"sex": sex}),
            **{f"deceased{age_type}": _years(relative.died_at) if relative.died_at else None},
        )
        if relative.nameless:
            del body["id"]
        yield body


def implements(room: Chartroom) -> Iterator[Resource]:
    """The devices that belong to the patient."""
    for item in room.life.implements:
        model = {"model": item.model}
        yield resource(
            "Device",
            room.id("Device", item.key),
            updated=item.handed_out,
            lines=(f"{item.concept.text}: {item.maker} {item.model}",),
            identifier=[{"system": "urn:oid:2.16.840.1.113883.3.999.1.15", "value": item.serial}],
            type_=room.concept(item.concept),
            status="available" if room.old else "active",
            manufacturer=item.maker,
            manufactureDate=item.made.isoformat(),
            patient=room.subject(),
            owner=room.place(item.place),
            **room.by(
                dstu2=model,
                stu3=model,
                r4={"modelNumber": item.model, "serialNumber": item.serial},
            ),
        )


def _years(age: int) -> Resource:
    return {"value": age, "unit": "years", "system": UCUM, "code": "a"}
