"""Looking for every resource by every value that a search parameter's expression finds in it.

The values come from the raw expressions (tests/data/expressions.py), the queries from FHIR's rules
for each type of parameter (asked.py): nothing of the product's own extraction is used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.data.asked import Pairs, queries, single
from tests.data.corpus import Resource
from tests.data.expressions import evaluate
from tests.data.parameters import Parameter, parameters
from tests.data.shapes import Node
from tests.fhirstore.fhir_client import Fhir, link

Key = tuple[str, str]
"""Type and parameter."""

VALUES_AT_ONCE, LONGEST_QUERY = 40, 3000


@dataclass
class Report:
    """Per type and parameter: the resources that can be found by it and those that were not found,
    with a query each."""

    version: str
    resources: Counter[Key] = field(default_factory=Counter)
    values: Counter[Key] = field(default_factory=Counter)
    missing: dict[Key, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    errors: dict[Key, str] = field(default_factory=dict)

    @property
    def found(self) -> set[Key]:
        """The parameters by which everything was found."""
        return {k for k in self.resources if k not in self.missing and k not in self.errors}


def wanted(version: str, parameter: Parameter, resource: Resource) -> Iterator[Pairs]:
    """The queries by a parameter that must find a resource."""
    node = Node(resource, resource["resourceType"], resource["resourceType"])
    found = evaluate(version, parameter.expression, node)
    if parameter.kind == "composite":
        for element in found:
            yield from _composites(version, parameter, element)
    elif parameter.kind == "special":
        yield from _near(found)
    else:
        for value in found:
            yield from queries(parameter.kind, value, parameter.targets)


def _composites(version: str, parameter: Parameter, element: Node) -> Iterator[Pairs]:
    """All combinations of the parts' values."""
    combined = [""]
    for kind, expression in parameter.parts:
        said = [
            text for value in evaluate(version, expression, element) for text in single(kind, value)
        ]
        combined = [f"{a}${b}" if a else b for a in combined for b in said]
    yield from ((("", text),) for text in combined if text)


def _near(found: list[Node]) -> Iterator[Pairs]:
    for position in found:
        if isinstance(position.value, dict):
            yield (("", f"{position.value['latitude']}|{position.value['longitude']}|1|km"),)


def look_for(
    fhir: Fhir, version: str, resources: Iterable[Resource], *, most_values: int = 0
) -> Report:
    """Look for all of them by all their parameters; by `most_values` values of each, 0: all."""
    by_type: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        by_type[resource["resourceType"]].append(resource)
    report = Report(version)
    for rtype, rows in sorted(by_type.items()):
        for parameter in parameters(version, rtype):
            asked: dict[Pairs, set[str]] = defaultdict(set)
            for row in rows:
                for pairs in wanted(version, parameter, row):
                    asked[pairs].add(row["id"])
            if asked:
                few = dict(list(asked.items())[:most_values]) if most_values else asked
                key = (rtype, parameter.code)
                report.resources[key] = len(set().union(*few.values()))
                report.values[key] = len(few)
                _Search(fhir, report, key).run(few)
    return report


class _Search:
    """All the queries by one parameter of one type."""

    def __init__(self, fhir: Fhir, report: Report, key: Key) -> None:
        self.fhir, self.report, self.key = fhir, report, key
        self.rtype, self.code = key

    def run(self, asked: dict[Pairs, set[str]]) -> None:
        alone = {p: ids for p, ids in asked.items() if len(p) > 1}
        for pairs, ids in alone.items():
            fid = min(ids)
            query = "&".join(f"{self.code}{suffix}={quote(v)}" for suffix, v in pairs)
            self._expect(f"_id={fid}&{query}", {fid})
        for suffix in {p[0][0] for p in asked if len(p) == 1}:
            values = {p[0][1]: i for p, i in asked.items() if len(p) == 1 and p[0][0] == suffix}
            for batch in _batches(values):
                joined = ",".join(quote(value) for value in batch)
                expected = set().union(*(values[value] for value in batch))
                if len(batch) > 1 and not self._all_found(
                    f"{self.code}{suffix}={joined}", expected
                ):
                    for value in batch:
                        self._expect(f"{self.code}{suffix}={quote(value)}", values[value])
                elif len(batch) == 1:
                    self._expect(f"{self.code}{suffix}={joined}", expected)

    def _expect(self, query: str, ids: set[str]) -> None:
        found = self._ids(query, ids)
        if found is not None:
            for fid in ids - found:
                self.report.missing[self.key].setdefault(fid, query)

    def _all_found(self, query: str, ids: set[str]) -> bool:
        found = self._ids(query, ids)
        return found is not None and ids <= found

    def _ids(self, query: str, wanted: set[str]) -> set[str] | None:
        """What a search finds, page by page until all that is wanted was met; None where it is
        refused."""
        found: set[str] = set()
        url: str | None = f"/fhir/{self.report.version}/{self.rtype}?_count=1000&{query}"
        while url and not wanted <= found:
            bundle = self.fhir.call("GET", url, expect=None, prefer="handling=strict")
            if self.fhir.last.status_code != 200:
                self.report.errors.setdefault(self.key, f"{query[:200]}: {bundle['issue'][0]}")
                return None
            found |= {entry["resource"]["id"] for entry in bundle["entry"]}
            url = link(bundle, "next")
        return found


def _batches(values: dict[str, set[str]]) -> Iterator[list[str]]:
    """Values to ask for together: no two that one resource has, or the one would answer for the
    other."""
    batches: list[tuple[list[str], set[str]]] = []
    for value, ids in values.items():
        for texts, met in batches[-8:]:
            fits = len(texts) < VALUES_AT_ONCE and sum(map(len, texts)) < LONGEST_QUERY
            if fits and met.isdisjoint(ids):
                texts.append(value)
                met |= ids
                break
        else:
            batches.append(([value], set(ids)))
    yield from (texts for texts, _ in batches)
