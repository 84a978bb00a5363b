"""What a Reference may point to."""

from __future__ import annotations

import re
from typing import Any

from fhirstore import structures

_LITERAL = re.compile(
    r"(?P<base>[a-z][a-z0-9+.-]*://.+/)?(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(/_history/[A-Za-z0-9\-.]{1,64})?"
)


def reference_problem(
    version: str, reference: dict[str, Any], targets: frozenset[str], contained: set[str]
) -> tuple[str, str] | None:
    """What is wrong with the `reference` of a Reference, and how bad it is; None for nothing.
    `targets`: types it may point to (none: any); `contained`: the ids of the contained resources.
    """
    text = reference.get("reference")
    if type(text) is not str or not text:
        return None
    if text.startswith("#"):
        if text == "#" or text[1:] in contained:
            return None
        return "there is no contained resource of this id", "error"
    found = _LITERAL.fullmatch(text)
    if found is None:
        if ":" in text or "?" in text:  # urn:uuid:…, another kind of URL, a conditional reference
            return None
        return "this is no Type/id, absolute URL or #id: it cannot be followed", "warning"
    rtype = found["type"]
    if structures.kind(version, rtype) != "resource":
        if found["base"]:
            return None
        return "the reference names no resource type of this version", "error"
    if targets and rtype not in targets:
        possible = ", ".join(sorted(targets))
        return f"a reference to {rtype} is not possible here, only to {possible}", "error"
    return None
