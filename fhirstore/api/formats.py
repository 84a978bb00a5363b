"""Content types: JSON only. R4 refuses what else is asked for, the older versions ignore `_format`
(wire contract 4).
"""

from __future__ import annotations

import re

from fhirstore.errors import NotAcceptable

JSON, FHIR_JSON = "application/json; charset=utf-8", "application/fhir+json; charset=utf-8"
_OTHERS = ("xml", "ttl", "turtle", "rdf")
_FHIR_VERSION = re.compile(r'fhirversion\s*=\s*"?([0-9.]+)', re.IGNORECASE)


def content_type(*, version: str, accept: str, wanted: str) -> str:
    """The content type of an answer, from the `Accept` header and `_format` ("" where not sent).

    Raises `NotAcceptable` where R4 is asked for XML or Turtle and nothing else, or for another
    version of FHIR.
    """
    if version == "r4":
        _check_version(wanted or accept)
        if wanted:
            if _names(wanted.lower(), _OTHERS):
                raise _refusal("send _format=json")
            if "fhir+json" in wanted.lower().replace(" ", "+"):
                return FHIR_JSON
    ranges = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    if version == "r4" and not wanted and _only_others(ranges):
        raise _refusal("send Accept: application/fhir+json")
    return FHIR_JSON if "application/fhir+json" in ranges else JSON


def _refusal(instead: str) -> NotAcceptable:
    return NotAcceptable(f"only JSON is served; {instead}")


def _names(text: str, kinds: tuple[str, ...]) -> bool:
    return any(kind in text for kind in kinds)


def _only_others(ranges: list[str]) -> bool:
    served = any("json" in r or r in ("*/*", "application/*", "") for r in ranges)
    return not served and any(_names(r, _OTHERS) for r in ranges)


def _check_version(text: str) -> None:
    asked = _FHIR_VERSION.findall(text) if "=" in text else ()
    if asked and not any(number in ("4.0", "4.0.1") for number in asked):
        raise NotAcceptable("this address serves FHIR 4.0; the older versions have their own")
