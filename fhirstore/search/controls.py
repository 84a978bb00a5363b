"""What an answer should look like, as a query asks: which resources come along, how much of each is
shown (hl7.org/fhir/R4/search.html#return). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from fhirstore.errors import InvalidRequest, InvalidValue
from fhirstore.rtypes import BY_LOWER_CASE
from fhirstore.search.definitions import SearchParameter, parameters, types

ANY = "*"
"""In an `Include`: every type, every reference parameter."""
SUMMARIES = ("true", "text", "data", "count", "false")
MOST_INCLUDES, MOST_ELEMENTS = 50, 200
_INCLUDES = ("_include", "_revinclude")
_PLAIN = ("_elements", "_summary", "_contained", "_containedType", "_explain")
_ITERATE = ("iterate", "recurse")
"""STU3 and DSTU2 spell it the second way."""


class Named(Protocol):
    """A pair of a query."""

    @property
    def name(self) -> str: ...

    @property
    def value(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Include:
    """Resources that come along: those that resources of type `source` refer to with the reference
    parameter `code`, only of type `target` where it is not ""; `reverse`: those of type `source`
    that so refer to a resource shown. `iterate`: also from what came along itself.
    """

    source: str
    code: str
    target: str = ""
    iterate: bool = False
    reverse: bool = False

    @property
    def name(self) -> str:
        """The parameter that asked for it."""
        return "_revinclude" if self.reverse else "_include"


@dataclass(frozen=True, kw_only=True)
class Controls:
    """How the result of a search is shown. `elements`: names of root elements as sent; `summary`:
    "" or one of `SUMMARIES` ("false" is ""); `contained`: "" (none), "true" (only those) or "both",
    and `contained_type` what stands for a contained resource: "container" or "contained".
    """

    includes: tuple[Include, ...] = ()
    elements: tuple[str, ...] = ()
    summary: str = ""
    explain: bool = False
    contained: str = ""
    contained_type: str = "container"

    @property
    def whole(self) -> bool:
        """Whether each resource is shown as it is stored, byte for byte."""
        return not self.elements and self.summary in ("", "count")


PLAIN = Controls()


def takes(name: str) -> bool:
    """Whether a parameter of this name says how the result is shown."""
    plain, colon, _ = name.partition(":")
    return plain in _INCLUDES or (plain in _PLAIN and not colon)


def read(*, version: str, pairs: Iterable[Named]) -> Controls:
    """The controls among the pairs of a query; the last one wins where only one can be. Raises
    `InvalidValue`, naming the parameter.
    """
    asked = [pair for pair in pairs if pair.name.startswith("_") and takes(pair.name)]
    if not asked:
        return PLAIN
    last = {pair.name: pair.value for pair in asked}
    includes = tuple(
        dict.fromkeys(read_include(version, p.name, p.value) for p in asked if _is_include(p))
    )
    if len(includes) > MOST_INCLUDES:
        raise InvalidRequest(f"more than {MOST_INCLUDES} different _include and _revinclude")
    controls = Controls(
        includes=includes,
        elements=_elements(asked),
        summary=_one_of(last, "_summary", SUMMARIES).replace("false", ""),
        explain=_one_of(last, "_explain", ("true", "false")) == "true",
        contained=_one_of(last, "_contained", ("true", "both", "false")).replace("false", ""),
        contained_type=_one_of(last, "_containedType", ("container", "contained")) or "container",
    )
    if includes and controls.contained and controls.contained_type == "contained":
        problem = "cannot be combined with _include or _revinclude; those go with containers"
        raise InvalidValue(parameter="_containedType", problem=problem)
    if includes and controls.summary == "text":
        problem = "text cannot be combined with _include or _revinclude"
        raise InvalidValue(parameter="_summary", problem=problem)
    return controls


def _is_include(pair: Named) -> bool:
    return bool(pair.value) and pair.name.partition(":")[0] in _INCLUDES


def read_include(version: str, name: str, value: str) -> Include:
    """One `_include` or `_revinclude`: `Type:parameter`, `Type:parameter:Target`, `Type:*`, `*`."""
    plain, _, modifier = name.partition(":")
    if modifier and modifier not in _ITERATE:
        raise InvalidValue(parameter=plain, problem=f"unknown modifier {modifier}")
    reverse, iterate = plain == "_revinclude", bool(modifier)
    if value == ANY:
        return Include(source=ANY, code=ANY, iterate=iterate, reverse=reverse)
    parts = value.split(":")
    if not 2 <= len(parts) <= 3:
        raise InvalidValue(
            parameter=plain, problem="is not Type:parameter, Type:parameter:Target or *"
        )
    source = _type(version, plain, parts[0])
    target = _type(version, plain, parts[2]) if len(parts) == 3 else ""
    code = parts[1]
    if code != ANY and code not in references(version, source):
        raise InvalidValue(parameter=plain, problem=f"{source} has no such reference parameter")
    return Include(source=source, code=code, target=target, iterate=iterate, reverse=reverse)


def references(version: str, rtype: str) -> dict[str, SearchParameter]:
    """The reference parameters of a type that have rows, by code."""
    found = parameters(version, rtype).items()
    return {code: p for code, p in found if p.type == "reference" and p.paths}


def _type(version: str, parameter: str, name: str) -> str:
    known = BY_LOWER_CASE.get(name.lower())
    if known is None or known not in types(version):
        raise InvalidValue(parameter=parameter, problem="unknown resource type")
    return known


def _elements(asked: Iterable[Named]) -> tuple[str, ...]:
    texts = [pair.value for pair in asked if pair.name == "_elements"]
    names = dict.fromkeys(name.strip() for text in texts for name in text.split(","))
    names.pop("", None)
    if len(names) > MOST_ELEMENTS:
        raise InvalidValue(parameter="_elements", problem=f"more than {MOST_ELEMENTS} names")
    return tuple(names)


def _one_of(last: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = last.get(name, "")
    if value and value not in allowed:
        raise InvalidValue(parameter=name, problem=f"is none of {', '.join(allowed)}")
    return value
