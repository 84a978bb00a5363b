"""A wearable's Observation, stored in R4's shape, as DSTU2 and STU3 have it."""

from __future__ import annotations

from typing import Any

from fhirstore.versions.meta import older_meta

OLDER_SYSTEMS = {
    "http://terminology.hl7.org/CodeSystem/observation-category": "http://hl7.org/fhir/observation-category",
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation": "http://hl7.org/fhir/v2/0078",
    "http://terminology.hl7.org/CodeSystem/data-absent-reason": "http://hl7.org/fhir/data-absent-reason",
}
_RELATED = {"hasMember": "has-member", "derivedFrom": "derived-from"}
_DSTU2_LACKS = ("basedOn", "partOf", "focus", "hasMember", "derivedFrom")


def render(resource: dict[str, Any], version: str) -> dict[str, Any]:
    """The Observation in "dstu2" or "stu3"."""
    shown = {key: value for key, value in resource.items() if key not in _DSTU2_LACKS}
    if version == "stu3" and "basedOn" in resource:
        shown["basedOn"] = resource["basedOn"]
    older_meta(shown)
    _categories(shown, version)
    _result(shown, version)
    if remarks := [note["text"] for note in shown.pop("note", ()) if "text" in note]:
        shown["comments" if version == "dstu2" else "comment"] = "\n".join(remarks)
    if related := [
        {"type": kind, "target": t} for key, kind in _RELATED.items() for t in resource.get(key, ())
    ]:
        shown["related"] = related
    if version == "dstu2" and shown.get("status") == "corrected":
        shown["status"] = "amended"
    if "encounter" in shown and version == "stu3":
        shown["context"] = shown.pop("encounter")
    if "component" in shown:
        shown["component"] = [_component(part, version) for part in shown["component"]]
    return shown


def _categories(shown: dict[str, Any], version: str) -> None:
    if categories := [_older(category) for category in shown.pop("category", ())]:
        shown["category"] = categories[0] if version == "dstu2" else categories


def _result(shown: dict[str, Any], version: str) -> None:
    """What an Observation and its components share."""
    if interpretations := [_older(i) for i in shown.pop("interpretation", ())]:
        shown["interpretation"] = interpretations[0]
    if "dataAbsentReason" in shown:
        shown["dataAbsentReason"] = _older(shown["dataAbsentReason"])
    if "valueInteger" in shown:
        shown["valueQuantity"] = {"value": shown.pop("valueInteger")}
    if version == "dstu2" and "valueBoolean" in shown:
        shown["valueString"] = "true" if shown.pop("valueBoolean") else "false"


def _component(part: dict[str, Any], version: str) -> dict[str, Any]:
    shown = dict(part)
    _result(shown, version)
    if version == "dstu2":
        shown.pop("interpretation", None)
    return shown


def _older(concept: dict[str, Any]) -> dict[str, Any]:
    if "coding" not in concept:
        return concept
    return concept | {
        "coding": [
            coding | {"system": OLDER_SYSTEMS[coding["system"]]}
            if coding.get("system") in OLDER_SYSTEMS
            else coding
            for coding in concept["coding"]
        ]
    }
