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
COMPARTMENTS = ("Patient", "Encounter", "Practitioner", "RelatedPerson", "Device")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a composite: the component's `code` and `type` ("token", "quantity", …), the
    `paths` of its values below the composite's element (`absolute`: below the resource instead) and
    the `targets` of a reference."""

    code: str
    type: str
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    absolute: bool


@dataclass(frozen=True, kw_only=True)
class SearchParameter:
    """One search parameter of one resource type in one FHIR version.

    `type` is token, string, date, reference, number, quantity, uri, composite or special. `paths`
    in the notation of condense.py; empty: it is a composite or cannot be answered. `stored`: the
    parameters under whose keys the rows lie; usually (code,); `patient` may lie under ("subject",),
    `combo-code` under ("code", "component-code"), `combo-code-value-quantity` under its two
    composites: any of them (count a resource once). `targets`: resource types a reference may point
    to; empty: any. `id` is the last part of its canonical URL
    `http://hl7.org/fhir/SearchParameter/<id>`.

    A composite has `parts`, looked up below the same element each; `roots` are the paths of those
    elements without a type ("component"; "" for the resource), more than one only for `combo-`
    parameters, whose `stored` names a composite for each root."""

    code: str
    type: str
    paths: tuple[str, ...]
    stored: tuple[str, ...]
    targets: tuple[str, ...]
    id: str
    roots: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def root(self) -> str:
        """The (first) path of the elements that a composite is evaluated on."""
        return self.roots[0] if self.roots else ""

    @property
    def canonical(self) -> bool:
        """Whether references may be canonical: a url, with or without `|version`."""
        return self.type == "reference" and any(
            path.endswith((":canonical", ":uri")) for path in self.paths
        )


@dataclass(frozen=True, kw_only=True)
class TypeDefinition:
    """What the store needs to know of a resource type in one version.

    `identifier` is "*" (repeats), "1" (single) or "" (none). `compartments`: by name the parameters
    that put it into a compartment of that name; `compartment`: those of the patient's. `patient`:
    the parameters that may name the patient it belongs to: those, or for a type outside the
    compartment (Device) the references that explicitly allow a Patient."""

    params: Mapping[str, SearchParameter]
    identifier: str
    compartments: Mapping[str, tuple[str, ...]]
    compartment: tuple[str, ...]
    patient: tuple[str, ...]


@lru_cache(maxsize=3)
def types(version: str) -> Mapping[str, TypeDefinition]:
    """All resource types of a version ("dstu2", "stu3", "r4")."""
    content = json.loads(gzip.decompress((FOLDER / f"{version}.json.gz").read_bytes()))
    return {name: _type(row) for name, row in content.items()}


def _type(row: Mapping[str, Any]) -> TypeDefinition:
    params = {code: _parameter(code, *held) for code, held in row["params"].items()}
    compartments = {name: tuple(codes) for name, codes in row["compartments"].items()}
    naming = tuple(c for c, p in params.items() if p.type == "reference" and "Patient" in p.targets)
    belongs = compartments.get("Patient", ())
    return TypeDefinition(
        params=params,
        identifier=row["identifier"],
        compartments=compartments,
        compartment=belongs,
        patient=belongs or naming,
    )


def _parameter(
    code: str,
    kind: str,
    paths: list[str],
    stored: list[str],
    targets: list[str],
    ident: str,
    roots: list[str] | None = None,
    parts: list[Any] | None = None,
) -> SearchParameter:
    return SearchParameter(
        code=code,
        type=kind,
        paths=tuple(paths),
        stored=tuple(stored),
        targets=tuple(targets),
        id=ident,
        roots=tuple(roots or ()),
        parts=tuple(
            Part(code=c, type=k, paths=tuple(p), targets=tuple(t), absolute=absolute)
            for c, k, p, t, absolute in parts or ()
        ),
    )


def parameters(version: str, rtype: str) -> Mapping[str, SearchParameter]:
    """The search parameters of a type by code, without the common ones (`_id` and so on); empty for
    a type the version lacks."""
    definition = types(version).get(rtype)
    return definition.params if definition else {}


def named_by_url(version: str, rtype: str) -> bool:
    """Whether canonical references may name resources of a type: by their `url`."""
    url = parameters(version, rtype).get("url")
    return url is not None and url.paths == ("url:uri",)


def compartment_params(version: str, compartment: str, rtype: str) -> tuple[str, ...]:
    """The reference parameters that put a resource of a type into one of the `COMPARTMENTS`; () for
    none. DSTU2 and STU3 have the patient's only."""
    definition = types(version).get(rtype)
    return definition.compartments.get(compartment, ()) if definition else ()


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
