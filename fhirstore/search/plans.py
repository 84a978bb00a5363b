"""How each search parameter of a type is read and written: compiled once from the definitions of
its FHIR version. What each kind writes: fhirstore/keys.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

from fhirstore import keys
from fhirstore.remembered import remembered
from fhirstore.rtypes import NUMBERS
from fhirstore.search import values
from fhirstore.search.definitions import (
    SearchParameter,
    named_by_url,
    present_bits,
    primary_date,
    types,
)
from fhirstore.search.gathered import IndexRows
from fhirstore.search.paths import Values, compile_path, first_property, split_type
from fhirstore.search.spellings import (
    CANONICAL,
    canonical_names,
    composite_name,
    further_of,
    spanned_of,
    split_parts,
    text_of,
    token_spelling,
    typed_value,
)

SECOND = 1_000_000
"""Microseconds: a primary date that covers no more has no range row."""
_VERSIONS = {bit: version for version, bit in keys.VERSION_BITS.items()}

Readers = tuple[tuple[str, Values], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one parameter of one type is extracted: compiled once. `noted`: its rows lie under
    another parameter."""

    rtype: str
    code: str
    readers: Readers
    write: Callable[[IndexRows, Plan, dict[str, Any], int], bool]
    present: int
    primary: bool
    dated: bool
    noted: bool
    exists: bool
    elements: Values | None = None
    parts: tuple[PartPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class PartPlan:
    """How one part of a composite is read and, where its rows are what is compared, written."""

    kind: str
    readers: Readers
    absolute: bool
    heads: frozenset[str]
    """The properties that its paths begin with."""


def compiled_plans(version: str, rtype: str) -> Iterator[tuple[Plan, Sequence[str]]]:
    """The plans of a type, each with paths of which it needs one to have a value."""
    definition = types(version).get(rtype)
    bits = present_bits(rtype)
    primary = primary_date(version, rtype)
    for code, parameter in definition.params.items() if definition else ():
        own = parameter.stored == (code,)
        if not parameter.paths and not (parameter.parts and own):
            continue
        plan = Plan(
            rtype=rtype,
            code=code,
            readers=readers(parameter),
            write=_WRITERS[parameter.type] if own else _note,
            present=1 << bits[code],
            primary=code == primary,
            dated=parameter.type == "date",
            noted=not own,
            exists=any(path.endswith(":exists") for path in parameter.paths),
            elements=compile_path(parameter.root) if parameter.root else None,
            parts=tuple(
                PartPlan(
                    kind=part.type,
                    readers=compiled(part.paths),
                    absolute=part.absolute,
                    heads=frozenset(map(first_property, part.paths)),
                )
                for part in parameter.parts
            ),
        )
        paths = parameter.parts[-1].paths if parameter.parts else parameter.paths
        yield plan, (parameter.root,) if parameter.root else paths
        if code == "url" and named_by_url(version, rtype):
            yield _named(rtype), parameter.paths


def readers(parameter: SearchParameter) -> Readers:
    """The compiled paths of a parameter, each with the data type of its values."""
    return compiled(parameter.paths)


def compiled(paths: Iterable[str]) -> Readers:
    return tuple((kind, compile_path(names)) for names, kind in map(split_type, paths))


@lru_cache(maxsize=512)
def _named(rtype: str) -> Plan:
    """The plan of what canonical references call a resource: its url together with its version."""
    version = PartPlan(
        kind="token",
        readers=compiled(("version:string",)),
        absolute=True,
        heads=frozenset(("version",)),
    )
    return Plan(
        rtype=rtype,
        code=CANONICAL,
        readers=compiled(("url:uri",)),
        write=_canonical,
        present=0,
        primary=False,
        dated=False,
        noted=False,
        exists=False,
        elements=compile_path("url"),
        parts=(version,),
    )


def _canonical(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    for _, read in plan.readers:
        for url in read(resource):
            if isinstance(url, str) and url:
                for name in canonical_names(url, resource.get("version")):
                    rows.mark(keys.reference_key(plan.rtype, CANONICAL, name), 0, bit)
    return False


def _token(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    if plan.exists:
        said = [value for _, read in plan.readers for value in read(resource)]
        alive = any(value is not False for value in said)
        if not said and plan.readers[0][0] != "exists":
            return False
        rows.token(plan.rtype, plan.code, "true" if alive else "false", "", bit)
        return True
    found = False
    for kind, read in plan.readers:
        for value in read(resource):
            found = True
            for code, system in values.codes(kind, value):
                rows.token(plan.rtype, plan.code, code, system, bit)
            if kind in values.TEXTED:
                _texts(rows, plan.rtype, plan.code, kind, value)
                if kind == "Identifier":
                    for code, system, held in values.types_of(value):
                        typed = typed_value(code, held)
                        rows.token(plan.rtype, f"{plan.code}:of-type", typed, system, bit)
    return found


def _texts(rows: IndexRows, rtype: str, param: str, kind: str, value: Any) -> None:
    for text in values.texts(kind, value):
        # Only ever compared as normalised: the text itself is not kept.
        rows.strings[keys.param_key(rtype, text_of(param)), _normalised(text), ""] = None


@remembered(8192)
def _normalised(text: str) -> str:
    """Of the texts of codes, which come again and again."""
    return keys.normalise(text)[: keys.LONGEST_STRING]


def _codes(rows: IndexRows, plan: Plan, element: dict[str, Any], bit: int) -> bool:
    """The codes alone, of a composite's part."""
    for kind, read in plan.readers:
        for value in read(element):
            for code, system in values.codes(kind, value):
                rows.token(plan.rtype, plan.code, code, system, bit)
    return True


def _composite(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    if plan.elements is None:  # answered by the rows of its parts
        return all(any(read(resource) for _, read in part.readers) for part in plan.parts)
    found = False
    kinds = [part.kind for part in plan.parts]
    keyed, compared = split_parts(kinds)
    for at, element in enumerate(plan.elements(resource)):
        nodes = [resource if part.absolute else element for part in plan.parts]
        if not all(
            any(read(node) for _, read in part.readers)
            for part, node in zip(plan.parts, nodes, strict=True)
        ):
            continue
        found = True
        spellings = [_spellings(plan.parts[n], nodes[n], bit) for n in keyed]
        for said in product(*spellings):
            name = composite_name(plan.code, said, at if len(compared) > 1 else None)
            for n in compared:
                part = plan.parts[n]
                own = replace(plan, code=name, readers=part.readers, primary=False)
                _PART_WRITERS[part.kind](rows, own, nodes[n], bit)
    return found


def _spellings(part: PartPlan, node: dict[str, Any], bit: int) -> list[str]:
    """All ways in which a query may spell the values of a part that rows are keyed by."""
    found: dict[str, None] = {}
    for kind, read in part.readers:
        for value in read(node):
            if part.kind == "reference":
                found.update((target, None) for target in _targets(kind, value, bit))
            elif part.kind == "uri":
                found.update((uri, None) for uri in values.uris(value))
            else:
                for code, system in values.codes(kind, value):
                    found[token_spelling(code)] = None
                    found[token_spelling(code, system)] = None
    return list(found)


def _reference(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    found = False
    for kind, read in plan.readers:
        for value in read(resource):
            found = True
            for target in _targets(kind, value, bit):
                rows.mark(keys.reference_key(plan.rtype, plan.code, target), 0, bit)
            if kind == "Reference" and type(value) is dict and "identifier" in value:
                for code, system in values.codes("Identifier", value["identifier"]):
                    rows.token(plan.rtype, f"{plan.code}:identifier", code, system, bit)
    return found


def _targets(kind: str, value: Any, bit: int) -> Iterator[str]:
    version = _VERSIONS[bit]
    yield from values.targets(kind, value, version)
    yield from values.precise_targets(kind, value, version)


def _uri(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    found = False
    for _, read in plan.readers:
        for value in read(resource):
            for uri in values.uris(value):
                rows.mark(keys.uri_key(plan.rtype, plan.code, uri), 0, bit)
            if isinstance(value, str):
                found = True
                start = value[: keys.LONGEST_STRING]
                rows.strings[keys.param_key(plan.rtype, plan.code), start, value] = None
    return found


def _string(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    found = False
    for kind, read in plan.readers:
        for value in read(resource):
            for text in values.strings(kind, value):
                found = True
                _write_string(rows, plan, text)
    return found


def _write_string(rows: IndexRows, plan: Plan, text: str) -> None:
    normal = keys.normalise(text)
    rows.strings[keys.param_key(plan.rtype, plan.code), normal[: keys.LONGEST_STRING], text] = None
    if len(normal) > keys.LONGEST_STRING:
        further = keys.param_key(plan.rtype, further_of(plan.code))
        for start in range(_STRIDE, len(normal), _STRIDE):
            rows.strings[further, normal[start : start + keys.LONGEST_STRING], ""] = None


_STRIDE = keys.LONGEST_STRING - keys.LONGEST_INNER


def _date(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    spans = [
        span
        for kind, read in plan.readers
        for value in read(resource)
        for span in values.ranges(kind, value)
    ]
    if plan.primary and spans:
        rows.lo, rows.hi = min(lo for lo, _ in spans), max(hi for _, hi in spans)
        if len(spans) == 1 and rows.hi - rows.lo <= SECOND:
            return True
    for lo, hi in spans:
        rows.ranges[keys.param_key(plan.rtype, plan.code), lo, hi] = None
    return bool(spans)


def _number(rows: IndexRows, plan: Plan, resource: dict[str, Any], bit: int) -> bool:
    found = False
    for kind, read in plan.readers:
        spanned = kind in values.SPANNED
        code = spanned_of(plan.code) if spanned else plan.code
        for value in read(resource):
            held = values.spans(kind, value) if spanned else values.numbers(value)
            for unit, (lo, hi) in held.items():
                found = True
                rows.ranges[keys.number_key(plan.rtype, code, unit), lo, hi] = None
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
    "composite": _composite,
    "special": _note,
}
_PART_WRITERS = {**_WRITERS, "token": _codes}

CODED = (_token, _note)
"""What writes the rows of codes, or none."""


def writes_codes(plan: Plan) -> bool:
    """Whether a plan writes the rows of the codes that its paths lead to, as they are."""
    return plan.write is _token and not plan.exists


def common(rows: IndexRows, rtype: str, resource: dict[str, Any], bit: int) -> None:
    """The rows of what every resource may have in `meta`."""
    meta = resource.get("meta")
    if type(meta) is not dict:
        return
    for param, name in (("_tag", "tag"), ("_security", "security")):
        for coding in _items(meta.get(name)):
            for code, system in values.codes("Coding", coding):
                rows.token(rtype, param, code, system, bit)
            _texts(rows, rtype, param, "Coding", coding)
    for param, name in (("_profile", "profile"), ("_source", "source")):
        for value in _items(meta.get(name)):
            for uri in values.uris(value):
                rows.mark(keys.uri_key(rtype, param, uri), 0, bit)


def containing(rows: IndexRows, rtype: str, resource: dict[str, Any], bit: int) -> None:
    """The rows of what a resource contains: the types alone."""
    for inner in _items(resource.get("contained")):
        inside = inner.get("resourceType") if type(inner) is dict else None
        if type(inside) is str and inside in NUMBERS:
            rows.mark(keys.contained_key(inside), NUMBERS[rtype], bit)


def _items(value: Any) -> Iterable[Any]:
    return value if type(value) is list else () if value is None else (value,)
