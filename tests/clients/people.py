"""Resources that the clients write, as each version spells them."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]

VERSIONS = ("dstu2", "stu3", "r4")


def patient(version: str, family: str) -> Resource:
    return {
        "resourceType": "Patient",
        "active": True,
        "name": [{"family": [family] if version == "dstu2" else family, "given": ["Ada"]}],
        "gender": "female",
        "birthDate": "1985-12-10",
        "identifier": [{"system": "urn:example:mrn", "value": f"mrn-{family}"}],
    }


def pulse(subject: str, day: int, beats: float) -> Resource:
    """A heart rate on a day of May 2024; valid in all versions."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "Pulse"},
        "subject": {"reference": subject},
        "effectiveDateTime": f"2024-05-{day:02}T08:00:00Z",
        "valueQuantity": {
            "value": beats,
            "unit": "beats/minute",
            "system": "http://unitsofmeasure.org",
            "code": "/min",
        },
    }
