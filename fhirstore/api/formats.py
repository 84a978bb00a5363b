"""Content types: JSON only. R4 refuses XML, the older versions ignore `_format` (wire contract
4).
"""

from __future__ import annotations

from fhirstore.errors import NotAcceptable

JSON, FHIR_JSON = "application/json; charset=utf-8", "application/fhir+json; charset=utf-8"


def content_type(*, version: str, accept: str, wanted: str) -> str:
    """The content type of an answer, from the `Accept` header and `_format` ("" where not sent).

    Raises `NotAcceptable` where R4 is asked for XML and nothing else.
    """
    if version == "r4" and wanted:
        if "xml" in wanted.lower():
            raise NotAcceptable("XML is not served; ask for application/fhir+json")
        if "fhir+json" in wanted.lower().replace(" ", "+"):
            return FHIR_JSON
    ranges = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    if version == "r4" and not wanted and _only_xml(ranges):
        raise NotAcceptable("XML is not served; send Accept: application/fhir+json")
    return FHIR_JSON if "application/fhir+json" in ranges else JSON


def _only_xml(ranges: list[str]) -> bool:
    served = any("json" in r or r in ("*/*", "application/*", "") for r in ranges)
    return not served and any("xml" in r for r in ranges)
