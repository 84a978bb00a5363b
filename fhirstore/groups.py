"""Who is in a Group (hl7.org/fhir/R4/group.html)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fhirstore.search.moments import microseconds, moments
from fhirstore.search.values import homes, targets


def patients(group: dict[str, Any], *, version: str, base: str, now: datetime) -> list[str]:
    """The ids of the Patients that are members now: neither inactive nor with a period that is
    over. Groups within it are not looked into. `base`: this server's own address."""
    found = dict.fromkeys(
        target.removeprefix("Patient/")
        for member in _objects(group.get("member"))
        if member.get("inactive") is not True and not _over(member.get("period"), now)
        for target in _here(member.get("entity"), version, base)
        if target.startswith("Patient/") and target.count("/") == 1 and "\0" not in target
    )
    return list(found)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _over(period: Any, now: datetime) -> bool:
    end = period.get("end") if isinstance(period, dict) else None
    span = moments(end) if isinstance(end, str) else None
    return span is not None and span[1] <= microseconds(now)


def _here(entity: Any, version: str, base: str) -> Iterator[str]:
    for target in targets("Reference", entity, version):
        for home in homes(base, version):
            target = target.removeprefix(home)
        yield target
