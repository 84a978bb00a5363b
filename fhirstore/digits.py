"""JSON whose numbers keep their digits: `1.10` stays `1.10`.

FHIR gives meaning to the precision of a decimal; orjson and json print floats their own way. Bodies
whose numbers orjson would print as they are take its fast way; in the others the floats it would
change are put back as floats that remember their literal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import orjson

from fhirstore.remembered import remembered

# The numbers of objects (now and then a piece of a string, which costs time only), and arrays of
# numbers, which FHIR hardly knows.
# Both begin with a literal: that is what makes the search cheap.
_NUMBERS = re.compile(rb'":\s*(-?\d[\d.eE+-]*)')
_ARRAYS = re.compile(rb"\[\s*-?\d")


class Number(float):
    """A float that remembers how it was written."""

    __slots__ = ("literal",)

    literal: str

    def __new__(cls, literal: str) -> Self:
        number = super().__new__(cls, literal)
        number.literal = literal
        return number


_PIECE: tuple[float, None] = (0.0, None)
"""Told of a piece of a string."""


@remembered(8192)
def _told(number: bytes) -> tuple[float, Number | None] | None:
    """A number's value, and what it is to be kept as where orjson prints it in another way than it
    was written; None where its value does not tell which it is, as it may be an integer."""
    try:
        value = orjson.loads(number)
        if orjson.dumps(value) == number:
            return value, None
    except ValueError:
        value = None
    try:
        kept = Number(number.decode())
    except ValueError:
        return _PIECE
    if value is None:  # such as "1." at the end of a sentence
        return float(kept), None
    return (float(kept), kept) if b"." in number or b"e" in number.lower() else None


def _integer(literal: str) -> int | Number:
    if literal == "-0" or len(literal) > 15:
        return Number(literal)
    return int(literal)


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def loads(text: bytes) -> Any:
    """Parse UTF-8 JSON without losing digits. Raises ValueError (also for bad UTF-8 and unpaired
    surrogates)."""
    parsed = orjson.loads(text)
    try:
        if orjson.dumps(parsed) == text:
            return parsed
    except TypeError:  # orjson prints what is nested up to 254 deep; it parses four times that
        raise ValueError("nested too deeply") from None
    if _ARRAYS.search(text):
        return _exactly(text)
    written: dict[float, bytes] = {}
    changed: dict[float, Number] = {}
    times = 0
    for number in _NUMBERS.findall(text):
        told = _told(number)
        if told is None:
            return _exactly(text)
        if told is _PIECE:
            continue
        value, kept = told
        if written.setdefault(value, number) != number:  # 1.5 beside 1.50
            return _exactly(text)
        if kept is not None:
            changed[value] = kept
            times += 1
    if times:
        _put_back(parsed, changed, times)
    return parsed


def _exactly(text: bytes) -> Any:
    """The slow way, which meets every number itself."""
    return json.loads(text, parse_float=Number, parse_int=_integer, parse_constant=_constant)


def _put_back(parsed: Any, found: dict[float, Number], times: int) -> None:
    """Exchange the floats that have a number; there are at most so many."""
    nodes = [parsed]
    while nodes:
        node = nodes.pop()
        if type(node) is dict:
            for name, value in node.items():
                kind = type(value)
                if kind is dict or kind is list:
                    nodes.append(value)
                elif kind is float and (number := found.get(value)) is not None:
                    node[name] = number
                    times -= 1
                    if not times:
                        return
        elif type(node) is list:
            nodes.extend(node)


def _literal(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.literal)
    raise TypeError(f"{type(value).__name__} is not JSON")


dumps: Callable[[Any], bytes] = partial(orjson.dumps, default=_literal)
"""Print as compact UTF-8 JSON, numbers as they were written."""


def indented(value: Any) -> bytes:
    """The same with line breaks, for people."""
    return orjson.dumps(value, default=_literal, option=orjson.OPT_INDENT_2)


canonical: Callable[[Any], bytes] = partial(
    orjson.dumps, default=_literal, option=orjson.OPT_SORT_KEYS
)
"""The same with sorted keys: equal content gives equal bytes."""


def literal(value: float) -> str:
    """How a parsed number was written."""
    return value.literal if isinstance(value, Number) else repr(value)
