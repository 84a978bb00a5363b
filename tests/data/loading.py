"""Test data sent to the server as apps send it: in batches of PUT, and as the transactions it comes
in. What the structure check refuses is sent once more with the check off, as sources' data is taken
in: real systems do not keep to the structure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.test import override_settings

from fhirstore import digits
from tests.data.corpus import Resource
from tests.data.place import content
from tests.fhirstore.fhir_client import Fhir

AT_ONCE = 100


@dataclass
class Loaded:
    """How many resources were stored, and which were not, with the reason: `invalid` by the
    structure check, stored nevertheless where it is off; `refused` by anything else."""

    stored: int = 0
    types: Counter[str] = field(default_factory=Counter)
    invalid: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def unchecked() -> Iterator[None]:
    """Writes whose structure nobody looks at (ONEUP_VALIDATE_WRITES=off)."""
    with override_settings(VALIDATE_WRITES=False):
        yield


def put_all(fhir: Fhir, version: str, resources: Iterable[Resource]) -> Loaded:
    """Store resources under their own ids; those without one get one."""
    loaded = Loaded()
    remaining = iter(resources)
    while rows := list(islice(remaining, AT_ONCE)):
        again = []
        for row, entry in _batch(fhir, version, rows):
            if _status(entry) == "422":
                loaded.invalid.append((_name(row), _reason(entry)))
                again.append(row)
            else:
                _count(loaded, row, entry)
        with unchecked():
            for row, entry in _batch(fhir, version, again):
                _count(loaded, row, entry)
    return loaded


def send(fhir: Fhir, version: str, files: Iterable[Path]) -> Loaded:
    """Post the Bundles in files as they are."""
    loaded = Loaded()
    for file in files:
        raw = content(file)
        answer = fhir.call("POST", f"/fhir/{version}", raw, expect=None)
        if fhir.last.status_code == 422:
            loaded.invalid.append((file.name, _said(answer)))
            with unchecked():
                answer = fhir.call("POST", f"/fhir/{version}", raw, expect=None)
        if fhir.last.status_code != 200:
            loaded.refused.append((file.name, _said(answer)))
            continue
        for row, entry in zip(digits.loads(raw)["entry"], answer["entry"], strict=True):
            _count(loaded, row["resource"], entry)
    return loaded


def _batch(
    fhir: Fhir, version: str, rows: list[Resource]
) -> Iterator[tuple[Resource, dict[str, Any]]]:
    entries = [{"resource": row, "request": _request(row)} for row in rows]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = fhir.call("POST", f"/fhir/{version}", digits.dumps(bundle))
    yield from zip(rows, answer["entry"], strict=True)


def _request(row: Resource) -> dict[str, str]:
    rtype, fid = row["resourceType"], row.get("id")
    return {"method": "PUT", "url": f"{rtype}/{fid}"} if fid else {"method": "POST", "url": rtype}


def _count(loaded: Loaded, row: Resource, entry: dict[str, Any]) -> None:
    if _status(entry)[0] == "2":
        loaded.stored += 1
        loaded.types[row["resourceType"]] += 1
    else:
        loaded.refused.append((_name(row), _reason(entry)))


def _status(entry: dict[str, Any]) -> str:
    return str(entry["response"]["status"])[:3]


def _name(row: Resource) -> str:
    return f"{row['resourceType']}/{row.get('id', '?')}"


def _reason(entry: dict[str, Any]) -> str:
    return _said(entry["response"].get("outcome") or entry["resource"])


def _said(outcome: dict[str, Any]) -> str:
    assert outcome["resourceType"] == "OperationOutcome", outcome
    issues = outcome["issue"]
    said = [i.get("diagnostics") or i.get("details", {}).get("text", "") for i in issues]
    assert all(said), f"a refusal without a reason: {outcome}"
    return "; ".join(said)
