"""What four users of two apps have: resources of the same ids, each with a mark of its owner."""

from __future__ import annotations

from typing import Any

NAMES = ("alice", "bob", "mallory", "trudy")
IDS = ("shared", "shared-2", *(f"only-{name}" for name in NAMES), "nobodys")
CODES = ("common", *(f"code-{name}" for name in NAMES))
TYPES = (
    "Patient",
    "Observation",
    "Condition",
    "Practitioner",
    "DocumentReference",
    "Provenance",
    "List",
    "Device",
)


def canary(name: str) -> str:
    """What is in every resource of a user and nowhere else."""
    return f"canary{name}"


def resources(name: str, version: str) -> list[dict[str, Any]]:
    """All that a user has in a version."""
    made = [
        body
        for fid in ("shared", "shared-2", f"only-{name}")
        for body in _about(name, fid, version)
    ]
    for number in range(NAMES.index(name)):
        # So that nobody has as many as another.
        made += [_observation(name, f"more-{number}", "shared", version)]
    return made


def _about(name: str, fid: str, version: str) -> list[dict[str, Any]]:
    family: Any = [canary(name), name] if version == "dstu2" else canary(name)
    human: Any = {"family": family, "given": [name], "text": f"{name} {canary(name)}"}
    patient = {
        **_marked("Patient", fid, name),
        "name": [human],
        "identifier": [{"system": "urn:mrn", "value": name}],
        "birthDate": "2024-05-03",
        "gender": "female",
    }
    practitioner = {
        **_marked("Practitioner", fid, name),
        "name": human if version == "dstu2" else [human],
    }
    others = []
    if version == "r4":
        patient["generalPractitioner"] = [{"reference": f"Practitioner/{fid}"}]
        others = [
            {
                **_marked("DocumentReference", fid, name),
                "status": "current",
                "subject": {"reference": f"Patient/{fid}"},
                "type": _code(name),
                "date": "2024-05-03T10:00:00Z",
                "content": [{"attachment": {"title": canary(name), "url": f"Binary/{fid}"}}],
            },
            {
                **_marked("Provenance", fid, name),
                "target": [
                    {"reference": f"Observation/{fid}"},
                    {"reference": f"Patient/{fid}"},
                ],
                "recorded": "2024-05-03T10:00:00Z",
                "agent": [{"who": {"reference": f"Practitioner/{fid}"}}],
            },
            {
                **_marked("List", fid, name),
                "status": "current",
                "mode": "working",
                "title": canary(name),
                "subject": {"reference": f"Patient/{fid}"},
                "entry": [{"item": {"reference": f"Observation/{fid}"}}],
            },
            {
                **_marked("Condition", fid, name),
                "code": _code(name),
                "subject": {"reference": f"Patient/{fid}"},
                "onsetDateTime": "2024-05-02",
                "contained": [
                    _observation(name, "within", fid, version),
                    {"resourceType": "Patient", "id": "p", "name": [human], "gender": "female"},
                ],
            },
        ]
    return [patient, practitioner, _observation(name, fid, fid, version), *others]


def _observation(name: str, fid: str, about: str, version: str) -> dict[str, Any]:
    return {
        **_marked("Observation", fid, name),
        "status": "final",
        "code": _code(name),
        "subject": {"reference": f"Patient/{about}"},
        "performer": [{"reference": f"Practitioner/{about}"}],
        "effectiveDateTime": f"2024-05-{3 + NAMES.index(name):02}T08:00:00Z",
        "valueQuantity": {
            "value": 70 + NAMES.index(name),
            "system": "http://unitsofmeasure.org",
            "code": "kg",
        },
    }


def _marked(rtype: str, fid: str, name: str) -> dict[str, Any]:
    said = f'<div xmlns="http://www.w3.org/1999/xhtml">{canary(name)} {name}</div>'
    return {
        "resourceType": rtype,
        "id": fid,
        "meta": {
            "tag": [{"system": "urn:tags", "code": f"code-{name}", "display": canary(name)}],
            "profile": [f"http://{name}.example.org"],
        },
        "text": {"status": "generated", "div": said},
    }


def _code(name: str) -> dict[str, Any]:
    codes = ("common", f"code-{name}")
    return {"coding": [{"system": "urn:codes", "code": c} for c in codes], "text": canary(name)}
