"""From a resource to its index rows, driven by the definitions of its FHIR version. What each type
writes: fhirstore/keys.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fhirstore import keys
from fhirstore.rtypes import NUMBERS
from fhirstore.search import values
from fhirstore.search.definitions import (
    SearchParameter,
    present_bits,
    primary_date,
    types,
)
from fhirstore.search.paths import Values, compile_path, split_type

NOT_IN_EVERYTHING = frozenset(
    (
        "Binary",
        "Organization",
        "Location",
        "Medication",
        "Provenance",
        "Linkage",
        "AuditEvent",
    )
)
"""Types that $everything never shows (wire contract 12.5)."""

_SECOND = 1_000_000

Readers = tuple[tuple[str, Values], ...]


@dataclass(slots=True)
class IndexRows:
    """The rows of one resource, without owner and rid.

    `tokens`: key to (sys, vers). `ranges`: (key, lo, hi). `strings`: (key, val, raw). `present`:
    the bits of parameters with a value. `lo`, `hi`: the primary date, None where it has none."""

    tokens: dict[int, tuple[int, int]] = field(default_factory=dict)
    ranges: dict[tuple[int, int, int], None] = field(default_factory=dict)
    strings: dict[tuple[int, str, str], None] = field(default_factory=dict)
    present: int = 0
    lo: int | None = None
    hi: int | None = None

    def all_keys(self) -> list[int]:
        """What `fhir_resource.keys` holds."""
        return sorted({*self.tokens, *(r[0] for r in self.ranges), *(s[0] for s in self.strings)})

    def token(self, rtype: str, param: str, code: str, system: str, vers: int) -> None:
        """Add a code; a second system of the same code gets a row of its own, the first row's
        `vers` covers both."""
        key, sys = keys.token_key(rtype, param, code), keys.system_hash(system)
        held = self.tokens.get(key)
        self.mark(key, held[0] if held else sys, vers)
        if held and held[0] != sys:
            self.mark(keys.system_code_key(rtype, param, system, code), sys, vers)

    def mark(self, key: int, sys: int, vers: int) -> None:
        """Add a token row, or more versions to it."""
        held = self.tokens.get(key)
        self.tokens[key] = (sys, vers if held is None else held[1] | vers)


def extract(renderings: Mapping[str, dict[str, Any]]) -> IndexRows:
    """The index rows of one stored resource, from its rendering in each version that it is visible
    in.

    Nearly always one: `{"dstu2": body}`. Wearable rows give all three.
    """
    rows = IndexRows()
    for version, resource in renderings.items():
        _extract(rows, resource, version, wearable=len(renderings) == len(keys.VERSION_BITS))
    return rows


def _extract(rows: IndexRows, resource: dict[str, Any], version: str, *, wearable: bool) -> None:
    rtype = resource["resourceType"]
    bit = keys.VERSION_BITS[version]
    for plan in _plans(version, rtype):
        if plan.write(rows, plan, resource, bit):
            rows.present |= plan.present
    _common(rows, rtype, resource, bit)
    if rtype not in NOT_IN_EVERYTHING:
        for patient in compartments(resource, version, wearable=wearable):
            rows.mark(keys.compartment_key(patient), NUMBERS[rtype], bit)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one parameter of one type is extracted: compiled once."""

    rtype: str
    code: str
    readers: Readers
    write: Callable[[IndexRows, Plan, dict[str, Any], int], bool]
    present: int
    primary: bool


@lru_cache(maxsize=512)
def _plans(version: str, rtype: str) -> tuple[Plan, ...]:
    definition = types(version).get(rtype)
    bits = present_bits(rtype)
    primary = primary_date(version, rtype)
    return tuple(
        Plan(
            rtype=rtype,
            code=code,
            readers=readers(parameter),
            write=_WRITERS[parameter.type] if parameter.stored == (code,) else _note,
            present=1 << bits[code],
            primary=code == primary,
        )
        for code, parameter in (definition.params.items() if definition else ())
        if parameter.paths
    )


def readers(parameter: SearchParameter) -> Readers:
    """The compiled paths of a parameter, each with the data type of its values."""
    return tuple((kind, compile_path(names)) for names, kind in map(split_type, parameter.paths))


def _token(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    if plan.readers[0][0] == "exists":
        alive = any(value is not False for _, read in plan.readers for value in read(resource))
        rows.token(plan.rtype, plan.code, "true" if alive else "false", "", bit)
        return True
    found = False
    for kind, read in plan.readers:
        for value in read(resource):
            found = True
            for code, system in values.codes(kind, value):
                rows.token(plan.rtype, plan.code, code, system, bit)
    return found


def _reference(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    found = False
    for kind, read in plan.readers:
        for value in read(resource):
            found = True
            for target in values.targets(kind, value):
                rows.mark(keys.reference_key(plan.rtype, plan.code, target), 0, bit)
            if kind == "Reference" and type(value) is dict and "identifier" in value:
                for code, system in values.codes("Identifier", value["identifier"]):
                    rows.token(plan.rtype, f"{plan.code}:identifier", code, system, bit)
    return found


def _uri(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    found = False
    for _, read in plan.readers:
        for value in read(resource):
            for uri in values.uris(value):
                rows.mark(keys.uri_key(plan.rtype, plan.code, uri), 0, bit)
            if isinstance(value, str):
                found = True
                rows.strings[keys.param_key(plan.rtype, plan.code), value, value] = None
    return found


def _string(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    found = False
    for kind, read in plan.readers:
        for value in read(resource):
            for text in values.strings(kind, value):
                found = True
                rows.strings[keys.param_key(plan.rtype, plan.code), keys.normalise(text), text] = (
                    None
                )
    return found


def _date(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    spans = [
        span
        for kind, read in plan.readers
        for value in read(resource)
        for span in values.ranges(kind, value)
    ]
    if plan.primary and spans:
        rows.lo, rows.hi = min(lo for lo, _ in spans), max(hi for _, hi in spans)
        if len(spans) == 1 and rows.hi - rows.lo <= _SECOND:
            return True
    for lo, hi in spans:
        rows.ranges[keys.param_key(plan.rtype, plan.code), lo, hi] = None
    return bool(spans)


def _number(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    found = False
    for kind, read in plan.readers:
        for value in read(resource):
            for lo, hi, units in values.numbers(kind, value):
                found = True
                rows.ranges[keys.param_key(plan.rtype, plan.code), lo, hi] = None
                for unit in units:
                    rows.ranges[keys.quantity_key(plan.rtype, plan.code, unit), lo, hi] = None
    return found


def _note(_rows: IndexRows, plan: Plan, resource: dict[str, Any], _bit: int) -> bool:
    """The rows lie under another parameter; only note whether it has a value."""
    return any(read(resource) for _, read in plan.readers)


_WRITERS: dict[str, Callable[[IndexRows, Plan, dict[str, Any], int], bool]] = {
    "token": _token,
    "reference": _reference,
    "uri": _uri,
    "string": _string,
    "date": _date,
    "number": _number,
    "quantity": _number,
}


def _common(rows: IndexRows, rtype: str, resource: dict[str, Any], bit: int) -> None:
    meta = resource.get("meta")
    if type(meta) is not dict:
        return
    for param, name in (("_tag", "tag"), ("_security", "security")):
        for coding in _items(meta.get(name)):
            for code, system in values.codes("Coding", coding):
                rows.token(rtype, param, code, system, bit)
    for param, name in (("_profile", "profile"), ("_source", "source")):
        for value in _items(meta.get(name)):
            for uri in values.uris(value):
                rows.mark(keys.uri_key(rtype, param, uri), 0, bit)


def _items(value: Any) -> Iterable[Any]:
    return value if type(value) is list else () if value is None else (value,)


def compartments(resource: dict[str, Any], version: str, *, wearable: bool = False) -> list[str]:
    """The patients ("Patient/id") in whose compartment a stored resource is; a Patient is in its
    own.

    A wearable's Device belongs to its patient in every version, though R4's compartment leaves
    Devices out."""
    rtype = resource["resourceType"]
    found = {f"Patient/{resource['id']}": None} if rtype == "Patient" and "id" in resource else {}
    for read in _patient_readers(version, rtype, wearable):
        for value in read(resource):
            for target in values.targets("Reference", value):
                if target.startswith("Patient/"):
                    found[target] = None
    return list(found)


@lru_cache(maxsize=1024)
def _patient_readers(version: str, rtype: str, every: bool) -> tuple[Values, ...]:
    definition = types(version).get(rtype)
    if definition is None:
        return ()
    codes = definition.patient if every else definition.compartment
    found = {
        names: None
        for code in codes
        for names, kind in map(split_type, definition.params[code].paths)
        if kind == "Reference"
    }
    return tuple(compile_path(names.replace("?Patient", "")) for names in found)


def patient_references(resource: dict[str, Any], version: str) -> list[str]:
    """References by which a resource may belong to a patient, as written, the most telling
    parameter first."""
    return [
        target
        for read in _patient_readers(version, resource["resourceType"], True)
        for value in read(resource)
        for target in values.targets("Reference", value)
    ]
