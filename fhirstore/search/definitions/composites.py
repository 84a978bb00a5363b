"""Composite parameters resolved: the elements they look at, and below each what is compared with
every part of the value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhirstore.search.definitions.expression import Step, alternatives
from fhirstore.search.definitions.repairs import COMPOSITES, Components
from fhirstore.search.definitions.structures import Structures

_RESOURCE = "%resource."
_KINDS = ("token", "reference", "date", "quantity", "number", "string", "uri")


class Composites:
    """Resolves the composites of one version. `indexed`: the data types each kind of parameter is
    indexed from."""

    def __init__(
        self,
        known: Structures,
        parameters: Sequence[Mapping[str, Any]],
        indexed: Mapping[str, frozenset[str]],
        *,
        xpath: bool,
    ) -> None:
        self._known = known
        self._indexed = indexed
        self._xpath = xpath
        bases = {p["id"]: [p["base"]] if self._xpath else p["base"] for p in parameters}
        # STU3 names "Observation-code", which is defined for many types at once: "clinical-code".
        named = {f"{base}-{p['code']}": p for p in parameters for base in bases[p["id"]]}
        self._by_id = named | {p["id"]: p for p in parameters}

    def expanded(
        self, base: str, parameter: Mapping[str, Any]
    ) -> Mapping[str, tuple[list[str], list[Any]]]:
        """By code: the paths of the elements ("" for the resource) and the parts, each [code, kind,
        paths, targets, whether the paths begin at the resource]."""
        code = parameter["code"]
        if self._xpath:
            return {
                name: ([root], self._parts(base, root, components, plain=True))
                for name, (root, components) in COMPOSITES[f"{base}.{code}"].items()
            }
        roots = [
            root.removeprefix(base).lstrip(".")
            for root in parameter["expression"].split(" | ")
            if root.split(".")[0] == base
        ]
        components = tuple(
            (_last(c["definition"]), c["expression"]) for c in parameter["component"]
        )
        return {code: (roots, self._parts(base, roots[0], components, plain=False))}

    def _parts(self, base: str, root: str, components: Components, *, plain: bool) -> list[Any]:
        return [
            self._part(base, root, f"{base}-{name}" if plain else name, expression)
            for name, expression in components
        ]

    def _part(self, base: str, root: str, name: str, expression: str) -> list[Any]:
        defined = self._by_id[name]
        absolute = expression.startswith(_RESOURCE)
        start = [part for part in root.split(".") if part] if not absolute else []
        above = (Step("name", base), *(Step("name", part) for part in start))
        typed = [
            found
            for member in alternatives(expression.removeprefix(_RESOURCE), xpath=False)
            for found in self._known.resolve((*above, *member))
        ]
        # HL7's components of DocumentReference.relationship name each other's parameters.
        kind = next(
            k
            for k in (defined["type"], *_KINDS)
            if any(t.type in self._indexed.get(k, ()) for t in typed)
        )
        prefix = ".".join(start) + "." if start else ""
        held = [t for t in typed if t.type in self._indexed[kind]]
        paths = [f"{t.json.removeprefix(prefix)}:{t.type}" for t in held]
        return [defined["code"], kind, paths, self._targets(held, kind), absolute]

    def _targets(self, typed: Iterable[Any], kind: str) -> list[str]:
        if kind != "reference":
            return []
        found = {target for t in typed for target in self._known.targets(t.element)}
        return [] if found & {"Resource", "Any"} else sorted(found)


def _last(definition: str | Mapping[str, str]) -> str:
    url = definition if isinstance(definition, str) else definition["reference"]
    return url.rsplit("/", 1)[-1]
