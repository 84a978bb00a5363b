"""Patient, Practitioner, Organization, Location, FamilyMemberHistory, Device."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sandbox.hospital.codes import Concept
from connectors.sandbox.hospital.dstu2.shared import (
    Chartroom,
    Resource,
    coded,
    concept,
    house_id,
    instant,
    resource,
)
from connectors.sandbox.hospital.facts import Doctor, Place

_PHONE = "phone"


def patient(room: Chartroom) -> Resource:
    """The patient; every name has its text."""
    person = room.life.person
    status = ("M", "Married") if person.married else ("S", "Never Married")
    full = " ".join((*person.given, person.family))
    contact, relationship, phone = person.contact
    return resource(
        "Patient",
        person.patient_id,
        updated=room.life.registered,
        lines=(f"{full}, {person.gender}, born {person.born}", f"Record {person.mrn}"),
        identifier=[
            {
                "use": "usual",
                "type": coded("http://hl7.org/fhir/v2/0203", "MR", "Medical record number"),
                "system": "urn:oid:2.16.840.1.113883.3.999.1.14",
                "value": person.mrn,
            }
        ],
        active=True,
        name=[
            {
                "use": "official",
                "text": full,
                "family": [person.family],
                "given": list(person.given),
            }
        ],
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
        maritalStatus=coded("http://hl7.org/fhir/v3/MaritalStatus", *status),
        contact=[
            {
                "relationship": [{"text": relationship}],
                "name": {"text": contact},
                "telecom": [{"system": _PHONE, "value": phone}],
            }
        ],
        communication=[{"language": coded("urn:ietf:bcp:47", "en", "English"), "preferred": True}],
        careProvider=[room.doctor(person.doctor)],
        managingOrganization=room.place(person.place),
    )


def practitioner(room: Chartroom, doctor: Doctor) -> Resource:
    """A doctor with specialty and employer."""
    return resource(
        "Practitioner",
        house_id(doctor.key, doctor.source_id),
        updated=room.life.registered,
        lines=(f"{doctor.text}, {doctor.specialty.text}",),
        identifier=[{"system": "http://hl7.org/fhir/sid/us-npi", "value": doctor.npi}],
        active=True,
        name={
            "text": doctor.text,
            "family": [doctor.family],
            "given": [doctor.given],
            "prefix": [doctor.prefix],
        },
        practitionerRole=[
            {
                "managingOrganization": room.place("hospital"),
                "specialty": [concept(doctor.specialty)],
            }
        ],
    )


def organization(room: Chartroom, place: Place) -> Resource:
    """A hospital or clinic as an organization."""
    return resource(
        "Organization",
        house_id("Organization" + place.key),
        updated=room.life.registered,
        lines=(place.name,),
        active=True,
        type_=concept(
            Concept("Healthcare Provider", (("http://hl7.org/fhir/organization-type", "prov"),))
        ),
        name=place.name,
        telecom=[{"system": _PHONE, "value": place.phone}],
        address=[_address(place)],
        partOf=room.place(place.part_of) if place.part_of else None,
    )


def location(room: Chartroom, place: Place) -> Resource:
    """A hospital or clinic as a place."""
    return resource(
        "Location",
        house_id("Location" + place.key),
        updated=room.life.registered,
        lines=(place.name, f"{place.street}, {place.city}"),
        status="active",
        name=place.name,
        telecom=[{"system": _PHONE, "value": place.phone}],
        address=_address(place),
        managingOrganization=room.place(place.key),
    )


def relatives(room: Chartroom) -> Iterator[Resource]:
    """The family history."""
    for relative in room.life.relatives:
        words = [f"{problem.text} at {age}" for problem, age in relative.problems]
        body = resource(
            "FamilyMemberHistory",
            room.id("FamilyMemberHistory", relative.key),
            updated=relative.recorded,
            lines=(f"{relative.relationship.text}: {', '.join(words) or 'healthy'}",),
            patient=room.subject(),
            date=instant(relative.recorded),
            status="completed",
            name=relative.name,
            relationship=concept(relative.relationship),
            gender=relative.gender,
            bornDate=str(relative.born),
            deceasedQuantity=_years(relative.died_at) if relative.died_at else None,
            condition=[
                {"code": concept(problem), "onsetQuantity": _years(age)}
                for problem, age in relative.problems
            ],
        )
        if relative.nameless:
            del body["id"]
        yield body


def implements(room: Chartroom) -> Iterator[Resource]:
    """The devices that belong to the patient."""
    for item in room.life.implements:
        yield resource(
            "Device",
            room.id("Device", item.key),
            updated=item.handed_out,
            lines=(f"{item.concept.text}: {item.maker} {item.model}",),
            identifier=[{"system": "urn:oid:2.16.840.1.113883.3.999.1.15", "value": item.serial}],
            type_=concept(item.concept),
            status="available",
            manufacturer=item.maker,
            model=item.model,
            manufactureDate=item.made.isoformat(),
            patient=room.subject(),
            owner=room.place(item.place),
        )


def _years(age: int) -> Resource:
    return {"value": age, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}


def _address(place: Place) -> Resource:
    return {
        "text": f"{place.street}, {place.city}, {place.state} {place.postcode}",
        "line": [place.street],
        "city": place.city,
        "state": place.state,
        "postalCode": place.postcode,
        "country": "US",
    }
