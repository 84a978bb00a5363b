"""The catalogue that comes with the product, written into the database (wire contract 16.1, 16.2).

Context: the rows are known numbers that apps hold in their code, and an operator binds them to real
systems by adding credentials. Decision: what an operator has configured is his; everything else
follows the files. Simulators are rows like others, with addresses of the sandbox, and are taken
away again when it is off. Consequence: loading may run at every start.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from connectors.models import CLINICAL, DEVICE, System

HERE = Path(__file__).parent
FILES = ((CLINICAL, "clinical.json"), (DEVICE, "devices.json"))
SIMULATOR_CLIENT = "careweave-sandbox"
SIMULATOR_SECRET = "sandbox-secret"  # of simulated vendors, which protect nothing

_NO_ADDRESSES = {"api_base": "", "authorize_url": "", "token_url": "", "revoke_url": ""}
_UNCONFIGURED: dict[str, Any] = {
    **_NO_ADDRESSES,
    "simulator": False,
    "client_id": "",
    "client_secret": "",
    "auth_method": "",
}


@dataclass(frozen=True, kw_only=True)
class LoadSummary:
    """How many catalogue rows were made, changed, found as they should be, and left to the
    operator.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0


def load_catalogue(*, sandbox_url: str | None) -> LoadSummary:
    """Make the database agree with the catalogue's files. `sandbox_url` is where the sandbox
    answers, or None while it is off.

    Idempotent. A row for which an operator entered client credentials is left alone; every row
    keeps `enabled`, `status` and what else only an operator sets.
    """
    counts = dict.fromkeys(("created", "updated", "unchanged", "kept"), 0)
    with transaction.atomic():
        known = {row.pk: row for row in System.objects.select_for_update()}
        for pk, fields in _rows(sandbox_url).items():
            counts[_store(known.get(pk), pk, fields)] += 1
    return LoadSummary(**counts)


def _rows(sandbox_url: str | None) -> dict[int, dict[str, Any]]:
    addresses = _simulators()
    rows: dict[int, dict[str, Any]] = {}
    for kind, name in FILES:
        for entry in json.loads((HERE / name).read_text()):
            simulated = addresses.get(entry["id"]) if sandbox_url else None
            rows[entry["id"]] = {
                "kind": kind,
                "ehr": "",
                "fhir_version": "",
                "system_type": "HealthSystem",
                "slug": "generic",
                "locations": [],
                **{key: value for key, value in entry.items() if key != "id"},
                **(_UNCONFIGURED if simulated is None else _simulator(sandbox_url, simulated)),
            }
    return rows


def _simulators() -> dict[int, dict[str, str]]:
    """The sandbox's paths of each simulated system."""
    found = {}
    for family in json.loads((HERE / "simulators.json").read_text()):
        paths = {name: path for name, path in family.items() if name != "systems"}
        for system in family["systems"]:
            found[system] = {name: path.format(system=system) for name, path in paths.items()}
    return found


def _simulator(sandbox_url: str | None, paths: dict[str, str]) -> dict[str, Any]:
    return {
        **_NO_ADDRESSES,
        **{key: f"{sandbox_url}{path}" for key, path in paths.items()},
        "simulator": True,
        "client_id": SIMULATOR_CLIENT,
        "client_secret": SIMULATOR_SECRET,
        "auth_method": "client_secret_basic",
    }


def _store(row: System | None, pk: int, fields: dict[str, Any]) -> str:
    if row is None:
        System.objects.create(id=pk, **fields)
        return "created"
    if row.configured and not row.simulator:
        return "kept"
    changed = {name: value for name, value in fields.items() if _value(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.save(update_fields=list(changed))
    return "updated" if changed else "unchanged"


def _value(row: System, name: str) -> Any:
    value = getattr(row, name)
    return value.reveal() if name == "client_secret" and value else value
