"""JSON whose numbers keep their digits: `1.10` stays `1.10`.

FHIR gives meaning to the precision of a decimal; orjson and json print floats their own way. Bodies
whose numbers orjson would print as they are take its fast way; the others are parsed with floats
that remember their literal."""

from __future__ import annotations

import json
import re
from typing import Any, Self

import orjson

# The numbers of objects (now and then a piece of a string, which costs time only), and arrays of
# numbers, which FHIR hardly knows.
# Both begin with a literal: that is what makes the search cheap.
_NUMBERS = re.compile(rb'":\s*(-?\d[\d.eE+-]*)')
_ARRAYS = re.compile(rb"\[\s*-?\d")


DEEPEST = 200
"""Brackets that a text may have before its depth is looked at."""


class Number(float):
    """A float that remembers how it was written."""

    __slots__ = ("literal",)

    literal: str

    def __new__(cls, literal: str) -> Self:
        number = super().__new__(cls, literal)
        number.literal = literal
        return number


def _printed(number: bytes) -> bytes:
    try:
        return orjson.dumps(orjson.loads(number))
    except ValueError:  # a piece of a string
        return number


def _integer(literal: str) -> int | Number:
    if literal == "-0" or len(literal) > 15:
        return Number(literal)
    return int(literal)


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check_depth(parsed: Any) -> None:
    """orjson prints what is nested up to 254 deep; it parses four times that."""
    try:
        orjson.dumps(parsed)
    except TypeError:
        raise ValueError("nested too deeply") from None


def loads(text: bytes) -> Any:
    """Parse UTF-8 JSON without losing digits. Raises ValueError (also for bad UTF-8 and unpaired
    surrogates)."""
    parsed = orjson.loads(text)
    if text.count(b"{") + text.count(b"[") > DEEPEST:
        _check_depth(parsed)
    if _ARRAYS.search(text) or any(_printed(n) != n for n in _NUMBERS.findall(text)):
        return json.loads(text, parse_float=Number, parse_int=_integer, parse_constant=_constant)
    return parsed


def _literal(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.literal)
    raise TypeError(f"{type(value).__name__} is not JSON")


def dumps(value: Any) -> bytes:
    """Print as compact UTF-8 JSON, numbers as they were written."""
    return orjson.dumps(value, default=_literal)


def canonical(value: Any) -> bytes:
    """The same with sorted keys: equal content gives equal bytes."""
    return orjson.dumps(value, default=_literal, option=orjson.OPT_SORT_KEYS)


def literal(value: float) -> str:
    """How a parsed number was written."""
    return value.literal if isinstance(value, Number) else repr(value)
