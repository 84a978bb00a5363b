"""The search parameters of the three FHIR versions, from compact tables (built by `manage.py
make_search_definitions`)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fhirstore.search.definitions.primary import PRIMARY

FOLDER = Path(__file__).parent
VERSIONS = ("dstu2", "stu3", "r4")


@dataclass(frozen=True, kw_only=True)
class SearchParameter:
    """One search parameter of one resource type in one FHIR version.

    `type` is token, string, date, reference, number, quantity, uri, composite or special. `paths`
    in the notation of condense.py; empty: it cannot be answered. `stored`: the parameters under
    whose keys the rows lie; usually (code,); `patient` may lie under ("subject",), `combo-code`
    under ("code", "component-code"): any of them (count a resource once). `targets`: resource types
    a reference may point to; empty: any. `components` of a composite: (definition id, expression).
    `id` is the last part of its canonical URL `http://hl7.org/fhir/SearchParameter/<id>`."""

    code: str
    type: str
    paths: tuple[str, ...]
    stored: tuple[str, ...]
    targets: tuple[str, ...]
    components: tuple[tuple[str, str], ...]
    id: str


@dataclass(frozen=True, kw_only=True)
class TypeDefinition:
    """What the store needs to know of a resource type in one version.

    `identifier` is "*" (repeats), "1" (single) or "" (none). `compartment`: the parameters that put
    it into a patient's compartment. `patient`: the parameters that may name the patient it belongs
    to: those, or for a type outside the compartment (Device) the references that explicitly allow a
    Patient."""

    params: Mapping[str, SearchParameter]
    identifier: str
    compartment: tuple[str, ...]
    patient: tuple[str, ...]


@lru_cache(maxsize=3)
def types(version: str) -> Mapping[str, TypeDefinition]:
    """All resource types of a version ("dstu2", "stu3", "r4")."""
    content = json.loads(gzip.decompress((FOLDER / f"{version}.json.gz").read_bytes()))
    return {name: _type(row) for name, row in content.items()}


def _type(row: Mapping[str, Any]) -> TypeDefinition:
    params = {
        code: SearchParameter(
            code=code,
            type=kind,
            paths=tuple(paths),
            stored=tuple(stored),
            targets=tuple(targets),
            components=tuple((definition, expression) for definition, expression in components),
            id=ident,
        )
        for code, (kind, paths, stored, targets, components, ident) in row["params"].items()
    }
    naming = tuple(c for c, p in params.items() if p.type == "reference" and "Patient" in p.targets)
    return TypeDefinition(
        params=params,
        identifier=row["identifier"],
        compartment=tuple(row["compartment"]),
        patient=tuple(row["compartment"]) or naming,
    )


def parameters(version: str, rtype: str) -> Mapping[str, SearchParameter]:
    """The search parameters of a type by code, without the common ones (`_id` and so on); empty for
    a type the version lacks."""
    definition = types(version).get(rtype)
    return definition.params if definition else {}


@lru_cache(maxsize=512)
def primary_date(version: str, rtype: str) -> str | None:
    """The date parameter that is in `rid`, `lo` and `hi` (fhirstore/keys.py); None where the type
    has none."""
    params = parameters(version, rtype)
    return next(
        (c for c in PRIMARY.get(rtype, ()) if c in params and params[c].type == "date"),
        None,
    )


@lru_cache(maxsize=256)
def present_bits(rtype: str) -> Mapping[str, int]:
    """The bit in `fhir_resource.present` of each parameter of a type, the same in all versions."""
    codes = sorted({code for version in VERSIONS for code in parameters(version, rtype)})
    return {code: bit for bit, code in enumerate(codes)}
