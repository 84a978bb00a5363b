"""The simulated hospitals.

They are told in data/hospitals.json, each with its number in the catalogue, FHIR version, kind of
ids, staff, canonical FHIR base and patients; a patient may have another base.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hospital.data import read
from connectors.sandbox.hospital.fhir.renderers import DSTU2, R4, STU3, Renderer
from connectors.sandbox.hospital.groups import groups
from connectors.sandbox.hospital.hospital import Hospital
from connectors.sandbox.hospital.ids import Ids, numbers, opaque, uuids
from connectors.sandbox.hospital.staff import staff
from connectors.sandbox.hospital.story.life import Story
from connectors.sandbox.house import Account

_RENDERERS: dict[str, Renderer] = {found.version: found for found in (DSTU2, STU3, R4)}
_IDS: dict[str, Ids] = {"opaque": opaque, "numbers": numbers, "uuids": uuids}


def _hospital(told: dict[str, Any]) -> Hospital:
    renderer, crew = _RENDERERS[told["version"]], staff(told["staff"])
    stories = {
        row["id"]: Story(
            name=row["story"], patient=row["id"], doctors=crew.doctors, places=crew.places
        )
        for row in told["patients"]
    }
    what = "payer" if told.get("payer") else "hospital"
    return Hospital(
        system=told["system"],
        kind="clinical",
        name=told["name"],
        initials="".join(word[0] for word in told["name"].split()[:2]),
        notice=f"Simulated {what}. Do not enter real data.",
        what="record",
        accounts=tuple(
            Account(
                username=row["username"],
                password=row["password"],
                name=stories[row["id"]].person().text,
                line=row["line"],
                subject=row["id"],
                base=row.get("base", told["base"]),
            )
            for row in told["patients"]
        ),
        groups=groups(renderer),
        renderer=renderer,
        ids=_IDS[told["ids"]],
        records=stories,
    )


HOSPITALS = tuple(_hospital(told) for told in read("hospitals"))


def hospital(system: int) -> Hospital | None:
    """The hospital of a catalogue number."""
    return next((house for house in HOSPITALS if house.system == system), None)
