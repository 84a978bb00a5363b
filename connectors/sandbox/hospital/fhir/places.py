"""Organization and Location."""

from __future__ import annotations

from connectors.sandbox.hospital.facts.people import Place
from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource, resource


def organization(room: Chartroom, place: Place) -> Resource:
    """A hospital, clinic or payer as an organization."""
    payer = any(cover.payer == place.key for cover in room.life.covers)
    kind = ("ins", "Insurance Company") if payer else ("prov", "Healthcare Provider")
    type_ = room.coded("organization-type", *kind)
    return resource(
        "Organization",
        room.house_id("Organization", place.key),
        updated=room.life.registered,
        lines=(place.name,),
        active=True,
        type_=type_ if room.old else [type_],
        name=place.name,
        telecom=[{"system": "phone", "value": place.phone}],
        address=[_address(place)],
        partOf=room.place(place.part_of) if place.part_of else None,
    )


def location(room: Chartroom, place: Place) -> Resource:
    """A hospital or clinic as a place."""
    return resource(
        "Location",
        room.house_id("Location", place.key),
        updated=room.life.registered,
        lines=(place.name, f"{place.street}, {place.city}"),
        status="active",
        name=place.name,
        telecom=[{"system": "phone", "value": place.phone}],
        address=_address(place),
        managingOrganization=room.place(place.key),
    )


def _address(place: Place) -> Resource:
    return {
        "text": f"{place.street}, {place.city}, {place.state} {place.postcode}",
        "line": [place.street],
        "city": place.city,
        "state": place.state,
        "postalCode": place.postcode,
        "country": "US",
    }
