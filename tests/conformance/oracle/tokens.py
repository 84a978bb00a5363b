"""Tokens (search.html#token). Codes are compared without regard to case, systems exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.oracle import strings
from tests.conformance.oracle.escapes import Unreadable, plain, split

Code = tuple[str, str]
"""(system, code); "" for no system."""


def codes(kind: str, value: Any) -> list[Code]:
    """The codes of a stored value."""
    match kind:
        case "CodeableConcept":
            return [code for coding in value.get("coding", ()) for code in codes("Coding", coding)]
        case "Coding":
            return [(value.get("system", ""), value["code"])] if "code" in value else []
        case "Identifier":
            return [(value.get("system", ""), value["value"])] if "value" in value else []
        case "ContactPoint":  # its system is a kind of thing, not a code system
            return [("", value["value"])] if "value" in value else []
        case "boolean":
            return [("", "true" if value else "false")]
    return [("", value)]


def read(name: str, text: str) -> tuple[str | None, str | None]:
    """(system, code) as asked; None: any, "" as system: none."""
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) == 1:
        return None, parts[0]
    if len(parts) != 2 or not any(parts):
        raise Unreadable(name)
    return parts[0], parts[1] or None


IMPLIED = {
    "gender": "http://hl7.org/fhir/administrative-gender",
    "status": "http://hl7.org/fhir/observation-status",
    "intent": "http://hl7.org/fhir/CodeSystem/medicationrequest-intent",
    "address-use": "http://hl7.org/fhir/address-use",
}
"""The systems of some elements of type code, by the parameters for them."""


def implied(code: str, kind: str, text: str) -> str:
    """What is asked for with the system that an element has without naming it: the same without."""
    if kind == "code" and code in IMPLIED and text.startswith(f"{IMPLIED[code]}|"):
        rest = text.removeprefix(IMPLIED[code])
        return rest if rest != "|" else ""
    return text


def fits(held: Code, asked: tuple[str | None, str | None]) -> bool:
    """One code against one asked for."""
    system, code = asked
    return (system is None or held[0] == system) and (
        code is None or held[1].casefold() == code.casefold()
    )


def match(name: str, kind: str, value: Any, text: str) -> bool:
    """Does one of the value's codes meet the one asked for?"""
    text = implied(name, kind, text)
    if not text:
        return True
    asked = read(name, text)
    return any(fits(held, asked) for held in codes(kind, value))


def match_text(kind: str, value: Any, asked: str) -> bool:
    """`:text`: CodeableConcept.text, Coding.display, Identifier.type.text."""
    found: list[Any] = []
    if isinstance(value, dict):
        if kind == "CodeableConcept":
            found = [value.get("text"), *(c.get("display") for c in value.get("coding", ()))]
        elif kind == "Coding":
            found = [value.get("display")]
        elif kind == "Identifier":
            found = [value.get("type", {}).get("text")]
    return any(strings.fits(text, "", plain(asked)) for text in found if text)


def match_of_type(name: str, value: Any, text: str) -> bool:
    """`:of-type`: `system|code|value` of an Identifier's type and value."""
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) != 3 or not all(parts[1:]):
        raise Unreadable(name)
    types = codes("CodeableConcept", value.get("type", {}))
    held = value.get("value", "")
    return held.casefold() == parts[2].casefold() and any(
        fits(kind, (parts[0], parts[1])) for kind in types
    )


Member = tuple[str, str | None]
"""(system, code); without a code: every one of the system."""


def members(value_set: dict[str, Any], find: Callable[[str], list[Member]]) -> list[Member]:
    """What is in a ValueSet: what it is expanded to, else what it is composed of. `find` gives what
    is in another."""
    if value_set.get("expansion", {}).get("contains"):
        contains = value_set["expansion"]["contains"]
        return [(m.get("system", ""), m.get("code", "")) for m in contains]
    compose = value_set.get("compose", {})
    found = [one for part in compose.get("include", ()) for one in _part(part, find)]
    found += [one for url in compose.get("import", ()) for one in find(url)]
    out = [one for part in compose.get("exclude", ()) for one in _part(part, find)]
    return [one for one in found if one not in out]


def _part(part: dict[str, Any], find: Callable[[str], list[Member]]) -> list[Member]:
    system = part.get("system", "")
    if "concept" in part:
        return [(system, concept["code"]) for concept in part["concept"]]
    if system:
        return [(system, None)]
    return [one for url in part.get("valueSet", ()) for one in find(url)]
