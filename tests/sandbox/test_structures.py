"""Generated resources against the official element tables: names, number, types, codes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.hospital.conformance import conformance
from connectors.sandbox.hospital.directory import HOSPITALS

DEFINITIONS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "definitions"
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PRIMITIVES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool, "integer": int, "positiveInt": int, "unsignedInt": int,
    "decimal": (int, float, Decimal),
}  # fmt: skip


def load(version: str, name: str) -> dict[str, Any]:
    path = DEFINITIONS / version / f"{name}.json.gz"
    if not path.exists():
        pytest.skip(f"the element tables are not at {path}")
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


class Tables:
    """Element tables of one FHIR version, asked path by path."""

    def __init__(self, version: str) -> None:
        self.types: dict[str, dict[str, dict[str, Any]]] = {}
        for name, table in load(version, "structures")["types"].items():
            self.types[name] = {element["path"]: element for element in table["element"]}
        self.codes = load(version, "required-codes")

    def problems(self, resource: dict[str, Any]) -> Iterator[str]:
        type_ = resource["resourceType"]
        body = {name: value for name, value in resource.items() if name != "resourceType"}
        yield from self._object(body, type_, type_, type_)

    def _object(self, body: dict[str, Any], table: str, path: str, where: str) -> Iterator[str]:
        elements = self.types[table]
        children = {
            p.rsplit(".", 1)[1]: e for p, e in elements.items() if p.rpartition(".")[0] == path
        }
        used: set[str] = set()
        for name, value in body.items():
            here = f"{where}.{name}"
            found = self._element(name, children)
            if found is None:
                yield f"{here}: there is no such element"
                continue
            key, type_ = found
            used.add(key)
            element = children[key]
            many = element["max"] == "*"
            if isinstance(value, list) is not many:
                yield f"{here}: {'a list' if many else 'no list'} is wanted"
                continue
            for item in value if many else [value]:
                yield from self._value(item, type_, table, element, here)
        for name, element in children.items():
            if element["min"] > 0 and name not in used:
                yield f"{where}.{name}: is missing"

    def _element(self, name: str, children: dict[str, Any]) -> tuple[str, str] | None:
        if name in children:
            types = children[name].get("type")
            return name, types[0]["code"] if types else ""
        for key, element in children.items():
            stem = key.removesuffix("[x]")
            if key != stem and name.startswith(stem):
                for type_ in element["type"]:
                    code = type_.get("code", "")
                    if name == stem + code[:1].upper() + code[1:]:
                        return key, code
        return None

    def _value(
        self, value: Any, type_: str, table: str, element: dict[str, Any], here: str
    ) -> Iterator[str]:
        if not type_ and "contentReference" in element:
            yield from self._object(value, table, element["contentReference"].lstrip("#"), here)
        elif type_ in ("BackboneElement", "Element"):
            yield from self._object(value, table, element["path"], here)
        elif type_ == "Resource":
            yield from self.problems(value)
        elif type_[:1].islower() or type_ == "":
            wanted = PRIMITIVES.get(type_, str)
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                yield f"{here}: {value!r} is no {type_}"
            yield from self._code(value, element, here)
        elif not isinstance(value, dict):
            yield f"{here}: {value!r} is no {type_}"
        else:
            if type_ == "Reference":
                yield from self._target(value, element, here)
            name = type_ if type_ in self.types else "Quantity"  # Age, Duration, SimpleQuantity
            yield from self._object(value, name, name, here)

    def _target(self, value: dict[str, Any], element: dict[str, Any], here: str) -> Iterator[str]:
        names = {
            target.rsplit("/", 1)[-1]
            for type_ in element["type"]
            for target in [type_.get("target") or type_.get("targetProfile") or []]
            for target in (target if isinstance(target, list) else [target])
        }
        if "reference" in value and names and not names & {"Resource", "Any"}:
            kind = value["reference"].split("/")[0]
            if kind not in names:
                yield f"{here}: refers to {kind}, not one of {sorted(names)}"

    def _code(self, value: Any, element: dict[str, Any], here: str) -> Iterator[str]:
        binding = element.get("binding", {})
        if binding.get("strength") == "required" and isinstance(value, str):
            allowed = self.codes.get(binding.get("valueSet", ""))
            if allowed and value not in allowed:
                yield f"{here}: {value!r} is not in {binding['valueSet']}"


@pytest.mark.parametrize("house", HOSPITALS, ids=lambda house: str(house.system))
def test_resources_fit_the_element_tables(house: Any) -> None:
    tables = Tables(house.renderer.version)
    found = []
    for patient in house.records:
        for resource in house.record(patient, NOW):
            found += list(tables.problems(resource))
    assert sorted(set(found)) == []


@pytest.mark.parametrize("house", HOSPITALS, ids=lambda house: str(house.system))
def test_the_conformance_statement_fits_as_well(house: Any) -> None:
    tables = Tables(house.renderer.version)
    base = "http://127.0.0.1:9000/hospital/1"
    statement = conformance(house, base=f"{base}/fhir", oauth=f"{base}/oauth")
    assert list(tables.problems(statement)) == []


def test_the_check_finds_what_is_wrong() -> None:
    tables = Tables("dstu2")
    resource = {
        "resourceType": "Condition",
        "patient": {"reference": "Practitioner/1"},
        "verificationStatus": "sure",
        "colour": "blue",
        "bodySite": {"text": "knee"},
    }
    found = "\n".join(tables.problems(resource))
    for word in ("refers to Practitioner", "'sure' is not in", "colour", "a list", "code: is miss"):
        assert word in found
