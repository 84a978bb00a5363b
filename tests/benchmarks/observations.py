"""The made-up data of the benchmarks: Observations of about 1.3 KB as a hospital sends them, the
same for the same numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from fhirstore.source import Source

BASE = "https://hospital.example/fhir/r4"
FIRST = datetime(2019, 1, 1, 8, tzinfo=UTC)
STEP = timedelta(hours=41, minutes=7)

CODES = (
    ("8867-4", "Heart rate", "vital-signs", "/min", 72, 0),
    ("2708-6", "Oxygen saturation in Arterial blood", "vital-signs", "%", 97, 1),
    ("8310-5", "Body temperature", "vital-signs", "Cel", 36, 1),
    ("29463-7", "Body weight", "vital-signs", "kg", 71, 1),
    ("8302-2", "Body height", "vital-signs", "cm", 176, 0),
    ("2339-0", "Glucose [Mass/volume] in Blood", "laboratory", "mg/dL", 95, 0),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "laboratory", "%", 5, 2),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "laboratory", "g/dL", 13, 1),
    ("6690-2", "Leukocytes [#/volume] in Blood", "laboratory", "10*3/uL", 7, 2),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "laboratory", "mg/dL", 1, 2),
)
"""LOINC code, display, category, unit, a usual value, decimals."""
DATE_OF_A_NEWER_HALF = "2021-05-01"
"""With 1,000 Observations a user, half of them are newer."""

_CATEGORIES = {"vital-signs": "Vital Signs", "laboratory": "Laboratory"}
_CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"


def source(user: int) -> Source:
    """Where a user's data comes from."""
    return Source(
        base=BASE, system_id=4706, connection=user, version="r4", patient=f"patient-{user}"
    )


def observation(user: int, number: int, *, change: int = 0) -> bytes:
    """The user's n-th Observation; another `change` is a later version of it, with another
    value."""
    code, display, category, unit, usual, decimals = CODES[number % len(CODES)]
    turn = number // len(CODES)
    value = usual + (turn * 7 + change) % 10 + (turn % 7 / 10 if decimals else 0)
    at = FIRST + STEP * number
    body: dict[str, Any] = {
        "resourceType": "Observation",
        "id": f"observation-{user}-{number}",
        "meta": {
            "versionId": "1",
            "lastUpdated": "2024-02-02T10:00:00.000Z",
            "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-vital-signs"],
        },
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p><b>{display}</b></p>'
            f"<p>Result: {value:.{decimals}f} {unit}, measured on {at:%d %B %Y} at {at:%H:%M}</p>"
            "</div>",
        },
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": _CATEGORY_SYSTEM,
                        "code": category,
                        "display": _CATEGORIES[category],
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": code, "display": display}],
            "text": display,
        },
        "subject": {"reference": f"Patient/patient-{user}", "display": f"Patient {user}"},
        "encounter": {"reference": f"Encounter/encounter-{user}-{number // 10}"},
        "effectiveDateTime": f"{at:%Y-%m-%dT%H:%M:%S}+00:00",
        "issued": f"{at + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S.000}+00:00",
        "performer": [{"reference": f"Practitioner/practitioner-{number % 5}"}],
        "valueQuantity": {
            "value": 0,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }
    written = orjson.dumps(body)
    return written.replace(b'"value":0', b'"value":%s' % f"{value:.{decimals}f}".encode())
