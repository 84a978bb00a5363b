"""Random searches over the whole grammar that the oracle knows, mostly for what a world has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.conformance import random_values as values
from tests.conformance.oracle.elements import values as values_of
from tests.conformance.oracle.escapes import escape
from tests.conformance.oracle.parameters import PARAMETERS, Parameter
from tests.conformance.oracle.prefixes import PREFIXES

Pair = tuple[str, str]
COMMON = {
    "_id": Parameter("_id", "id"),
    "_tag": Parameter("_tag", "token"),
    "_security": Parameter("_security", "token"),
    "_profile": Parameter("_profile", "uri"),
}
_prefixes = st.sampled_from(["", "", *PREFIXES])
_codes = st.sampled_from([escape(code) for code in [*values.CODES, "A", "unknown"]])
_systems = st.sampled_from([*values.SYSTEMS, "http://LOINC.org"])
CODES = st.one_of(_codes, st.builds("{}|{}".format, _systems, _codes), _codes.map("|{}".format))
TOKENS = CODES | _systems.map("{}|".format)
_starts = [text[:n] for text in values.TEXTS for n in (2, 5, 99)] + ["MULL", "brien", "obrien"]
STRINGS = st.sampled_from([escape(text) for text in _starts if text.strip(" ,|$\\-'")])
_moments = [*values.DATES, *values.MOMENTS, "2018-05-01T10:30", "2018-05-01T10:30Z", "2019"]
DATES = st.builds("{}{}".format, _prefixes, st.sampled_from(_moments))
NUMBERS = st.builds(
    "{}{}".format, _prefixes, st.sampled_from([*values.NUMBERS, "5.41", "5.405", "100.00"])
)
_units = st.sampled_from(
    ["", "||kg", "||x", *(f"|{values.UCUM}|{unit}" for unit in ("kg", "g", "mg", "mm[Hg]"))]
)
QUANTITIES = st.builds("{}{}".format, NUMBERS, _units)
URIS = st.sampled_from([*values.URIS, "http://example.org/vs/1/2/3", "http://example.org/"])


def _references(targets: list[str]) -> st.SearchStrategy[str]:
    ids = st.sampled_from(values.IDS)
    typed = st.builds("{}/{}".format, st.sampled_from(targets), ids)
    return st.one_of(
        ids,
        typed,
        typed.map("{}/_history/1".format),
        typed.map("{}/_history/3".format),
        st.just(values.ELSEWHERE),
    )


def known(version: str, parameter: Parameter) -> list[str]:
    """The types that a reference may lead to and that the oracle knows."""
    types = list(PARAMETERS[version])
    return [t for t in types if not parameter.targets or t in parameter.targets]


def plain_values(version: str, parameter: Parameter) -> st.SearchStrategy[str]:
    """One value to ask for."""
    match parameter.type:
        case "token":
            return st.sampled_from(["true", "false"]) | TOKENS if _is_boolean(parameter) else TOKENS
        case "string":
            return STRINGS
        case "date":
            return DATES
        case "number":
            return NUMBERS
        case "quantity":
            return QUANTITIES
        case "uri":
            return URIS
        case "id":
            return st.sampled_from([*values.IDS, "none"])
        case "composite":
            parts = [
                CODES
                if part.type == "token"
                else plain_values(version, Parameter(parameter.code, part.type, part.paths))
                for part in parameter.parts
            ]
            return st.tuples(*parts).map("$".join)
    found = _references(known(version, parameter) or ["Patient"])
    if all(path.kind in ("canonical", "uri") for path in parameter.paths):
        return st.one_of(found, st.sampled_from([*values.CANONICALS, f"{values.URIS[0]}|none"]))
    return found


def _is_boolean(parameter: Parameter) -> bool:
    return any(path.kind in ("boolean", "happened") for path in parameter.paths)


_MODIFIERS: dict[str, list[str]] = {
    "token": ["", "", "", ":not"],
    "string": ["", "", ":exact", ":contains"],
    "uri": ["", ":below", ":above"],
}


@dataclass(frozen=True)
class Grammar:
    """What is asked, of which resources. `features` adds "chain", "has" and others."""

    version: str
    resources: tuple[dict[str, Any], ...]
    features: frozenset[str]

    def parameters(self, rtype: str) -> dict[str, Parameter]:
        """The parameters of a type that may be asked for."""
        return {
            code: parameter
            for code, parameter in {**PARAMETERS[self.version][rtype], **COMMON}.items()
            if parameter.type != "composite" or "composite" in self.features
        }

    def used(self, rtype: str) -> list[str]:
        """The codes of the parameters that find something."""
        mine = [r for r in self.resources if r["resourceType"] == rtype]
        return sorted(
            code
            for code, parameter in self.parameters(rtype).items()
            if any(values_of(r, parameter.paths) for r in mine)
            or any(r.get(root[0].rstrip("*")) for root in parameter.roots if root for r in mine)
        )


def spellings(kind: str, value: Any) -> list[str]:
    """How one would ask for a value that a resource has."""
    match kind:
        case "CodeableConcept":
            return [text for c in value.get("coding", ()) for text in spellings("Coding", c)]
        case "Coding" | "Identifier" | "ContactPoint":
            code = escape(value.get("code", value.get("value", "")))
            system = "" if kind == "ContactPoint" else value.get("system", "")
            return [code, f"{system}|{code}"] if code else []
        case "HumanName" | "Address":
            parts = [part for name, part in value.items() if name not in ("use", "period")]
            texts = [t for part in parts for t in (part if isinstance(part, list) else [part])]
            return [escape(text) for text in texts]
        case "Period":
            return list(value.values())
        case "Quantity":
            unit = f"|{value['system']}|{value['code']}" if "code" in value else ""
            return [f"{value['value']}", f"{value['value']}{unit}"]
        case "Range":
            ends = [value[name] for name in ("low", "high") if name in value]
            return [text for end in ends for text in spellings("Quantity", end)]
        case "SampledData":
            return spellings("Quantity", value["origin"])
        case "Reference":
            return [value["reference"]] if not value.get("reference", "#").startswith("#") else []
        case "boolean":
            return ["true" if value else "false"]
    return [escape(str(value))] if isinstance(value, str | Decimal) else []


@st.composite
def filters(draw: st.DrawFn, grammar: Grammar, rtype: str, depth: int = 0) -> Pair:
    """`name=value` for a type."""
    ways: list[Callable[[], Pair]] = [lambda: draw(_plain(grammar, rtype))] * 3
    if "chain" in grammar.features and depth < 2:
        ways.append(lambda: draw(_chains(grammar, rtype, depth)))
    if "has" in grammar.features and depth < 2:
        ways.append(lambda: draw(_having(grammar, rtype, depth)))
    return draw(st.sampled_from(ways))()


@st.composite
def _plain(draw: st.DrawFn, grammar: Grammar, rtype: str) -> Pair:
    version, features = grammar.version, grammar.features
    table = grammar.parameters(rtype)
    code = draw(st.sampled_from([*grammar.used(rtype) * 8, *sorted(table)]))
    parameter = table[code]
    if _may_be_missing(version, parameter) and draw(st.integers(0, 7)) == 7:
        return f"{code}:missing", draw(st.sampled_from(["true", "false"]))
    modifier = draw(st.sampled_from(_modifiers(version, parameter, features)))
    value = plain_values(version, parameter)
    if parameter.type == "token" and "systems" not in features:
        value = st.sampled_from(["true", "false"]) if _is_boolean(parameter) else CODES
    mine = [r for r in grammar.resources if r["resourceType"] == rtype]
    held = [
        text
        for r in mine
        for kind, found in values_of(r, parameter.paths)
        for text in spellings(kind, found)
        if kind not in ("happened", "Timing")
    ]
    if held and modifier != ":text" and parameter.type != "composite":
        ordered = parameter.type in ("date", "number", "quantity")
        likely = st.sampled_from(sorted(held))
        likely = st.builds("{}{}".format, _prefixes, likely) if ordered else likely
        value = st.one_of(likely, likely, value)
    if modifier == ":identifier":
        value = TOKENS if "systems" in features else CODES
    elif modifier == ":text":
        value = STRINGS
    elif modifier == ":of-type":
        value = st.builds("{}|{}|{}".format, _systems, _codes, _codes)
    found = draw(st.lists(value, min_size=1, max_size=3))
    return code + modifier, ",".join(found)


def _may_be_missing(version: str, parameter: Parameter) -> bool:
    code = parameter.code
    if code == "deceased" or code.startswith("_") or parameter.type == "composite":
        return False
    # Before R4 these two are defined as the whole element, whatever it refers to.
    return version == "r4" or code not in ("patient", "practitioner")


def _modifiers(version: str, parameter: Parameter, features: frozenset[str]) -> list[str]:
    if parameter.code.startswith("_"):
        return [""]
    found = list(_MODIFIERS.get(parameter.type, [""]))
    if parameter.type == "reference":
        found = ["", "", ":identifier", *(f":{t}" for t in known(version, parameter)[:3])]
    kinds = {path.kind for path in parameter.paths}
    if "text" in features and kinds & {"CodeableConcept", "Coding"}:
        found.append(":text")
    if "of-type" in features and kinds == {"Identifier"}:
        found.append(":of-type")
    return found


@st.composite
def _chains(draw: st.DrawFn, grammar: Grammar, rtype: str, depth: int) -> Pair:
    version = grammar.version
    table = grammar.parameters(rtype)
    links = sorted(
        code
        for code, parameter in table.items()
        if parameter.type == "reference" and known(version, parameter)
    )
    if not links:
        return draw(_plain(grammar, rtype))
    used = [code for code in grammar.used(rtype) if code in links]
    code = draw(st.sampled_from([*used * 8, *links]))
    reachable = known(version, table[code])
    there = {r["resourceType"] for r in grammar.resources} & set(reachable)
    target = draw(st.sampled_from([*sorted(there) * 8, *reachable]))
    name, value = draw(filters(grammar, target, depth + 1))
    typed = draw(st.booleans()) or len(reachable) > 2
    return (f"{code}:{target}.{name}" if typed else f"{code}.{name}"), value


@st.composite
def _having(draw: st.DrawFn, grammar: Grammar, rtype: str, depth: int) -> Pair:
    version = grammar.version
    sources = sorted(
        (source, code)
        for source, table in PARAMETERS[version].items()
        for code, parameter in table.items()
        if parameter.type == "reference" and rtype in known(version, parameter)
    )
    if not sources:
        return draw(_plain(grammar, rtype))
    there = {r["resourceType"] for r in grammar.resources}
    likely = [(source, code) for source, code in sources if source in there]
    source, code = draw(st.sampled_from([*likely * 8, *sources]))
    name, value = draw(filters(grammar, source, depth + 1))
    return f"_has:{source}:{code}:{name}", value


@st.composite
def sorts(draw: st.DrawFn, grammar: Grammar, rtype: str) -> list[Pair]:
    """`_sort` by up to two keys, or none."""
    table = grammar.parameters(rtype)
    able = [
        code
        for code, parameter in table.items()
        if parameter.type != "composite" and code not in ("deceased", *COMMON)
    ] + ["_id"]
    keys = draw(st.lists(st.sampled_from(sorted(able)), max_size=2, unique=True))
    ways = [draw(st.sampled_from(["", "-"])) + key for key in keys]
    return [("_sort", ",".join(ways))] if ways else []


@st.composite
def queries(draw: st.DrawFn, grammar: Grammar) -> tuple[str, list[Pair]]:
    """(type, pairs) of a search."""
    there = sorted({r["resourceType"] for r in grammar.resources})
    rtype = draw(st.sampled_from([*there * 20, *PARAMETERS[grammar.version]]))
    most = draw(st.sampled_from([1, 1, 2, 3]))
    found = draw(st.lists(filters(grammar, rtype), min_size=1, max_size=most))
    if "sort" in grammar.features:
        found = [*found, *draw(sorts(grammar, rtype))]
    return rtype, found


@st.composite
def includes(draw: st.DrawFn, grammar: Grammar) -> str:
    """`Type?...` with something that comes along."""
    version = grammar.version
    there = sorted({r["resourceType"] for r in grammar.resources})
    rtype = draw(st.sampled_from(there))
    links = [
        (source, code, parameter)
        for source in there
        for code, parameter in sorted(PARAMETERS[version][source].items())
        if parameter.type == "reference"
    ]
    used = [link for link in links if link[1] in grammar.used(link[0])]
    pairs = [f"_count={draw(st.sampled_from([1, 3, 100]))}"]
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(["_include", "_revinclude"]))
        likely = [
            link
            for link in used
            if (link[0] == rtype if way == "_include" else rtype in known(version, link[2]))
        ]
        source, code, parameter = draw(st.sampled_from([*likely * 20, *links]))
        repeat = draw(st.sampled_from(["", "", ":iterate"]))
        only = draw(st.sampled_from(["", "", "", *(f":{t}" for t in known(version, parameter))]))
        pairs.append(f"{way}{repeat}={source}:{code}{only}")
    return f"{rtype}?{'&'.join(pairs)}"
