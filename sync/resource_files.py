"""Reading FHIR resources from files: Bundles, single resources and NDJSON, plain or gzipped, one
resource at a time.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from fhirstore.digits import loads


@dataclass(frozen=True, kw_only=True)
class Found:
    """A resource, and where it stood: `patients.ndjson:12`."""

    resource: dict[str, Any]
    place: str


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A place from which no resource could be read. `reason` holds nothing of the content."""

    place: str
    reason: str


def read_resources(
    *, path: Path, advance: Callable[[int], object] = lambda size: None
) -> Iterator[Found | Unreadable]:
    """Yield what is in the file. A file whose first line is a whole JSON value is read line by
    line, any other as one document.

    A Bundle yields its entries' resources; `urn:uuid:` references between them become `Type/id`.
    `advance` is told how many bytes of the file, as it lies on the disk, were read since it was
    last told.
    """
    try:
        with path.open("rb") as raw:
            unpacked = gzip.GzipFile(fileobj=raw) if _gzipped(raw) else raw
            read = 0
            for found in _documents(cast("IO[bytes]", unpacked), path.name):
                yield from found
                advance(raw.tell() - read)
                read = raw.tell()
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "damaged gzip"
        yield Unreadable(place=path.name, reason=reason)


def _gzipped(raw: IO[bytes]) -> bool:
    magic = raw.read(2)
    raw.seek(0)
    return magic == b"\x1f\x8b"


def _documents(text: IO[bytes], name: str) -> Iterator[list[Found | Unreadable]]:
    """The resources of each JSON document: of each line, or of the whole."""
    first = True
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        found = _parsed(line, f"{name}:{number}")
        if first and found is None:
            yield _whole(line + text.read(), name)
            return
        first = False
        yield [Unreadable(place=f"{name}:{number}", reason="not JSON")] if found is None else found


def _whole(text: bytes, name: str) -> list[Found | Unreadable]:
    """A document of many lines; failing that, lines of which the first is damaged."""
    found = _parsed(text, name)
    if found is not None:
        return found
    lines = [
        (f"{name}:{number}", _parsed(line, f"{name}:{number}"))
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    if not any(isinstance(one, Found) for _, found in lines for one in found or []):
        return [Unreadable(place=name, reason="neither JSON nor NDJSON")]
    return [
        one
        for place, found in lines
        for one in ([Unreadable(place=place, reason="not JSON")] if found is None else found)
    ]


def _parsed(text: bytes, place: str) -> list[Found | Unreadable] | None:
    """The resources of one JSON document, None where it is not JSON."""
    try:
        document = loads(text.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return None
    return list(_resources(document, place))


def _resources(document: object, place: str) -> Iterator[Found | Unreadable]:
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        yield Unreadable(place=place, reason="not a FHIR resource")
    elif document["resourceType"] != "Bundle":
        yield Found(resource=document, place=place)
    else:
        yield from _entries(document, place)


def _entries(bundle: dict[str, Any], place: str) -> Iterator[Found | Unreadable]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        yield Unreadable(place=place, reason="a Bundle whose entry is not a list")
        return
    resources = [entry.get("resource") if isinstance(entry, dict) else None for entry in entries]
    names = {
        entry["fullUrl"]: f"{resource['resourceType']}/{resource['id']}"
        for entry, resource in zip(entries, resources, strict=True)
        if isinstance(resource, dict)
        and str(entry.get("fullUrl", "")).startswith("urn:uuid:")
        and {"resourceType", "id"} <= resource.keys()
    }
    for number, resource in enumerate(resources):
        here = f"{place} entry {number}"
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            yield Unreadable(place=here, reason="no resource")
        else:
            _rename(resource, names)
            yield Found(resource=resource, place=here)


def _rename(value: object, names: dict[str, str]) -> None:
    """Replace references, in place, by the names of what they refer to."""
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and reference in names:
            value["reference"] = names[reference]
        for part in value.values():
            _rename(part, names)
    elif isinstance(value, list):
        for part in value:
            _rename(part, names)
