"""The search parameters of a version as the official definitions have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.data.place import DEFINITIONS, content

_EVERY = ("Resource", "DomainResource")


@dataclass(frozen=True)
class Parameter:
    """One parameter of one type. `parts` of a composite: (type, expression) of each component;
    `targets`: the types that a reference looked for may point to, empty: any."""

    code: str
    kind: str
    expression: str
    parts: tuple[tuple[str, str], ...] = ()
    targets: frozenset[str] = frozenset()


@lru_cache(maxsize=3)
def _all(version: str) -> list[dict[str, Any]]:
    names = ["search-parameters.json.gz"]
    names += ["search-parameters-uscore.json.gz"] if version == "r4" else []
    return [
        entry["resource"]
        for name in names
        for entry in json.loads(content(DEFINITIONS / version / name))["entry"]
    ]


@lru_cache(maxsize=512)
def parameters(version: str, rtype: str) -> tuple[Parameter, ...]:
    """What a type can be searched by, the parameters of all types included; those without an
    expression left out."""
    kinds = {row.get("url", ""): row["type"] for row in _all(version)}
    found = {}
    for row in _all(version):
        bases = row["base"] if isinstance(row["base"], list) else [row["base"]]
        expression = row.get("expression") or _fhirpath(row.get("xpath", ""))
        if not expression or not {rtype, *_EVERY} & {*bases}:
            continue
        parts = tuple(_parts(row, kinds))
        if row["type"] == "composite" and not parts:
            continue
        targets = frozenset(row.get("target", ())) - {"Resource", "Any"}
        if row["code"] == "patient":  # DSTU2's name other types too, though only a Patient is meant
            targets = frozenset({"Patient"})
        found[row["code"]] = Parameter(row["code"], row["type"], expression, parts, targets)
    return tuple(found.values())


def _parts(row: dict[str, Any], kinds: dict[str, str]) -> Iterator[tuple[str, str]]:
    for component in row.get("component", ()):
        named = component["definition"]
        url = named["reference"] if isinstance(named, dict) else named
        # STU3 names an Observation-code that it does not define.
        yield kinds.get(url, "token"), component["expression"]


def _fhirpath(xpath: str) -> str:
    """DSTU2 has XPath only: `f:Patient/f:telecom[system/@value='phone']`."""
    text = re.sub(r"\[(?:@?)(\w+)(?:/@value)?='([^']*)'\]", r".where(\1='\2')", xpath)
    text = text.replace("[x]", "")
    return re.sub(r"/?f:", ".", text).replace(" .", " ").replace("|.", "|").removeprefix(".")
