"""One filter of a search as asked: parameter, modifier, values; a chain's further steps inside it.
Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fhirstore.errors import InvalidValue
from fhirstore.remembered import remembered
from fhirstore.rtypes import BY_LOWER_CASE
from fhirstore.search.definitions import SearchParameter, parameters, types
from fhirstore.search.escapes import split

_MOST_VALUES, _LONGEST_CHAIN = 1000, 4
_MOST_REACHES = dict.fromkeys(("number", "quantity", "composite"), 200)
"""Values of what is compared by reach: each costs the planner ten times what a code does."""
BROADEST = 200
"""So many ways through the types may a chain take, and all filters of a search together: each is a
statement within the statement, and their number grows with every step that may lead to any type.
"""
_TOO_LONG = f"leads through more than {_LONGEST_CHAIN} resources"
_ALIASES = {("AuditEvent", "recorded"): "date"}
"""Names that apps use for a standard parameter (wire contract 15.3)."""


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One filter: a parameter, a modifier ("" for none) and values of which one must match (escapes
    kept). A chain (`subject:Patient.name`) has no values but `chained`: the target's type and the
    clause that one of its targets must meet, for each type that has such a parameter. `reverse`
    (`_has:Observation:patient:code`): `parameter` is that of the one type in `chained` whose
    resources refer to what is asked for.
    """

    name: str
    parameter: SearchParameter
    modifier: str
    values: tuple[str, ...]
    chained: tuple[tuple[str, Clause], ...] = ()
    reverse: bool = False

    @property
    def breadth(self) -> int:
        """How many ways there are through the types: 1 without a chain."""
        return sum(step.breadth for _, step in self.chained) if self.chained else 1


def read_clause(version: str, rtype: str, name: str, value: str, depth: int = 0) -> Clause | None:
    """The clause of `name=value`; None where the type has no such parameter. An empty value gives a
    clause without values. Raises `InvalidValue`, naming the parameter."""
    if name.startswith(_HAS):
        return _has(version, rtype, name, value, depth)
    first, dot, rest = name.partition(".")
    code, _, modifier = first.partition(":")
    code = _ALIASES.get((rtype, code), code)
    parameter = parameters(version, rtype).get(code) or common_parameter(version, code)
    if parameter is None or not (parameter.paths or parameter.parts):
        return None
    if dot:
        return _chain(version, parameter, modifier, rest, value, depth)
    values = tuple(part for part in split(value, ",") if part)
    most = _MOST_REACHES.get(parameter.type, _MOST_VALUES)
    if len(values) > most:
        raise InvalidValue(parameter=code, problem=f"more than {most} values")
    return Clause(name=code, parameter=parameter, modifier=modifier, values=values)


def _chain(
    version: str, parameter: SearchParameter, modifier: str, rest: str, value: str, depth: int
) -> Clause | None:
    name = parameter.code
    if depth >= _LONGEST_CHAIN:
        raise InvalidValue(parameter=name, problem=_TOO_LONG)
    if parameter.type != "reference":
        raise _LeadsNowhere(parameter=name, problem="cannot be chained")
    targets = parameter.targets or tuple(types(version))
    if modifier:
        only = BY_LOWER_CASE.get(modifier.lower())
        if only is None:
            raise InvalidValue(parameter=name, problem=f"unknown modifier {modifier}")
        targets = (only,)
    steps: dict[str, Clause | None] = {}
    nowhere: _LeadsNowhere | None = None
    for target in targets:
        try:
            steps[target] = read_clause(version, target, rest, value, depth + 1)
        except _LeadsNowhere as refused:  # as long as the chain goes on from another of the targets
            nowhere = refused
    chained = tuple((target, step) for target, step in steps.items() if step is not None)
    if not chained:
        if nowhere is not None:
            raise nowhere
        return None
    values = chained[0][1].values
    clause = Clause(name=name, parameter=parameter, modifier="", values=values, chained=chained)
    if clause.breadth > BROADEST:
        problem = "the chain leads through too many types; name them, as in subject:Patient.name"
        raise InvalidValue(parameter=name, problem=problem)
    return clause


_HAS = "_has:"


class _LeadsNowhere(InvalidValue):
    """A step from a type where it is no reference, or a `_has` whose reference leads to other types
    than the one it is asked of.
    """


def _has(version: str, rtype: str, name: str, value: str, depth: int) -> Clause | None:
    parts = name.split(":", 3)
    if len(parts) < 4 or not parts[3]:
        problem = "is not _has:Type:reference:parameter"
        raise InvalidValue(parameter="_has", problem=problem)
    if depth >= _LONGEST_CHAIN:
        raise InvalidValue(parameter="_has", problem=_TOO_LONG)
    source = BY_LOWER_CASE.get(parts[1].lower())
    parameter = parameters(version, source).get(parts[2]) if source else None
    if source is None or parameter is None or parameter.type != "reference" or not parameter.paths:
        problem = f"{parts[1]} has no reference parameter {parts[2]}"
        raise InvalidValue(parameter="_has", problem=problem)
    if parameter.targets and rtype not in parameter.targets:
        problem = f"{parts[2]} of {source} never refers to {rtype}"
        raise _LeadsNowhere(parameter="_has", problem=problem)
    step = read_clause(version, source, parts[3], value, depth + 1)
    if step is None:
        return None
    return Clause(
        name="_has",
        parameter=parameter,
        modifier="",
        values=step.values,
        chained=((source, step),),
        reverse=True,
    )


_COMMON = {
    "_id": "id",
    "_lastUpdated": "updated",
    "_tag": "token",
    "_security": "token",
    "_profile": "uri",
    "_source": "uri",
    "_text": "text",
    "_content": "text",
    "_list": "list",
}


@remembered(64)
def common_parameter(version: str, name: str) -> SearchParameter | None:
    """A parameter that every type has; `_source` exists in R4 only."""
    if name not in _COMMON or (name == "_source" and version != "r4"):
        return None
    return replace(_COMMON_TEMPLATE, code=name, type=_COMMON[name], stored=(name,), id=name)


_COMMON_TEMPLATE = SearchParameter(code="", type="", paths=("meta",), stored=(), targets=(), id="")
