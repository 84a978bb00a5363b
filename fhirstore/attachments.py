"""Attachments of an imported resource: their bytes are read as a Binary of ours (wire contract
12.6)."""

from __future__ import annotations

from typing import Any

from fhirstore.identity import short_id, source_url
from fhirstore.references import Bases

WITH_ATTACHMENTS = frozenset({"DocumentReference", "DiagnosticReport"})
"""The types that `rewrite_attachments` changes."""


def rewrite_attachments(resource: dict[str, Any], *, base: str, bases: Bases, served: str) -> None:
    """Point attachments to our Binary, in place. `served` is the address of the version's API
    (".../fhir/dstu2").

    All URLs of a DocumentReference; of a DiagnosticReport's presentedForm those of the source's own
    Binaries."""
    rtype = resource["resourceType"]
    if rtype == "DocumentReference":
        for content in _dicts(resource.get("content")):
            _point(content.get("attachment"), base, bases, served, foreign=True)
    elif rtype == "DiagnosticReport":
        for form in _dicts(resource.get("presentedForm")):
            _point(form, base, bases, served, foreign=False)


def _point(attachment: Any, base: str, bases: Bases, served: str, *, foreign: bool) -> None:
    url = attachment.get("url") if isinstance(attachment, dict) else None
    if not isinstance(url, str) or not url:
        return
    own = bases.own(url)
    if own and own[0] == "Binary":
        source = source_url(base=base, rtype="Binary", source_id=own[1])
    elif foreign and "://" in url:
        source = url
    elif foreign and not url.startswith(("#", "urn:")):
        source = f"{base}/{url.lstrip('/')}"
    else:
        return
    attachment["url"] = f"{served}/Binary/{short_id(source)}"


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
