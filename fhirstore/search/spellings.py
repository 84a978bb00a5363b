"""Names and codes under which index rows lie besides a parameter's own, as the extraction writes
and the compiler asks them (fhirstore/keys.py). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

COMPARED = ("date", "number", "quantity", "string")
"""Kinds of a composite's parts that are compared, not looked up."""
MOST_ELEMENTS = 16
"""So many elements of a composite with two compared parts are told apart; the rest counts as one.
"""


def text_of(param: str) -> str:
    """Of the texts that stand with a token parameter's codes (`:text`)."""
    return f"{param}:text"


def further_of(param: str) -> str:
    """Of what a long string holds behind its beginning (`:contains`)."""
    return f"{param}:further"


def local_of(param: str) -> str:
    """Of the periods of a wearable's primary date as the clock on the wall showed them."""
    return f"{param}:local"


CANONICAL = ":canonical"
"""Of what canonical references call a resource: "url|version", or "url|" of any version."""


def canonical_names(url: str, version: Any) -> tuple[str, ...]:
    """What canonical references that mean a resource of a url and version say."""
    return (f"{url}|", f"{url}|{version}") if isinstance(version, str) and version else (f"{url}|",)


def spanned_of(param: str) -> str:
    """Of quantities that hold more than one number: a Range, samples."""
    return f"{param}:range"


def typed_value(code: str, value: str) -> str:
    """An identifier's type and value as one code (`:of-type`)."""
    return f"{code}|{value}"


def split_parts(kinds: Sequence[str]) -> tuple[list[int], list[int]]:
    """Which parts of a composite its rows are keyed by, and which are the rows themselves: what is
    compared, or else the last one."""
    compared = [n for n, kind in enumerate(kinds) if kind in COMPARED] or [len(kinds) - 1]
    return [n for n in range(len(kinds)) if n not in compared], compared


def composite_name(code: str, said: Sequence[str], at: int | None) -> str:
    """The parameter name of a composite's rows: `said` are the values it is keyed by; `at` the
    element's number, where several rows must be of the same one."""
    number = "" if at is None else str(min(at, MOST_ELEMENTS - 1))
    return "\x1f".join((code, number, *said))


def token_spelling(code: str, system: str | None = None) -> str:
    """How a code, or one in a system ("" for none), is spelt there."""
    return f"c{code.casefold()}" if system is None else f"s{system}|{code.casefold()}"
