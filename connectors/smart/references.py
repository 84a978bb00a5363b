"""What a resource refers to, as far as we read it: directory types by reference, documents by the
URL of an attachment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from connectors.smart.search_plan import REFERENCED


def local(url: str, *, bases: tuple[str, ...]) -> str | None:
    """`Type/id` of a reference to this server, without `_history`; None for contained, logical and
    foreign ones. `bases` are the server's FHIR bases, without trailing slash.
    """
    for base in bases:
        if url.startswith(f"{base}/"):
            url = url[len(base) + 1 :]
            break
    if "://" in url or url.startswith(("#", "urn:", "/", "?")):
        return None
    parts = urlsplit(url).path.split("/")
    if len(parts) == 2 or (len(parts) == 4 and parts[2] == "_history"):
        rtype, ident = parts[0], parts[1]
        if rtype.isalpha() and rtype[:1].isupper() and ident:
            return f"{rtype}/{ident}"
    return None


def wanted(resource: dict[str, Any], *, bases: tuple[str, ...]) -> list[str]:
    """The `Type/id` to read because `resource` refers to it: directory types and Binaries, each
    once, in order. An attachment elsewhere on the same server comes as its absolute URL.
    """
    found: dict[str, None] = {}
    for url in _references(resource):
        target = local(url, bases=bases)
        if target and target.partition("/")[0] in REFERENCED:
            found[target] = None
    for url in _attachments(resource):
        target = local(url, bases=bases)
        if target and target.startswith("Binary/"):
            found[target] = None
        elif target is None and "://" in url:
            found[url] = None
    return list(found)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            yield reference
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)


def _attachments(resource: dict[str, Any]) -> Iterator[str]:
    """URLs of DocumentReference.content[].attachment, DiagnosticReport.presentedForm[] and
    Media.content that carry no data of their own.
    """
    content = resource.get("content")
    if resource.get("resourceType") == "DocumentReference" and isinstance(content, list):
        rows = [row.get("attachment") for row in content if isinstance(row, dict)]
    elif resource.get("resourceType") == "DiagnosticReport":
        forms = resource.get("presentedForm")
        rows = forms if isinstance(forms, list) else []
    else:
        rows = [content] if resource.get("resourceType") == "Media" else []
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("url"), str) and "data" not in row:
            yield row["url"]
