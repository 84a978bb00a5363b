"""The SMART scope grammar, versions 1 and 2: `user/*.*`, `patient/Observation.read`,
`user/Condition.rs?category=...`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import unquote_plus

EVERYTHING = "user/*.*"

_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)(\?.*)?")
_VERSION_1 = {"*": "cruds", "read": "rs", "write": "cud"}
READING = "rs"
"""The letters of what changes nothing."""
# FHIR interaction → the SMART v2 letter that permits it.
LETTERS = {
    "read": "r",
    "vread": "r",
    "history": "r",
    "history-type": "s",
    "history-system": "s",
    "validate": "r",
    "search": "s",
    "everything": "s",
    "export": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
    "purge": "d",
}


@dataclass(frozen=True, kw_only=True)
class Clinical:
    """One scope over resources. `letters` is a subset of `cruds`; `query` narrows it further (SMART
    v2), empty for none.
    """

    context: str
    resource_type: str
    letters: str
    query: str

    def covers(self, resource_type: str) -> bool:
        """Whether it is about a type."""
        return self.resource_type in ("*", resource_type)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """`query` as (name, value) pairs."""
        found = (part.partition("=") for part in self.query.split("&") if part)
        return tuple((unquote_plus(name), unquote_plus(value)) for name, _, value in found)


@lru_cache(maxsize=1024)
def parse(scope: str) -> tuple[Clinical, ...]:
    """The resource scopes in a scope string; words that are none (`openid`, `launch/patient`) are
    left out.
    """
    found = []
    for word in scope.split():
        match = _SCOPE.fullmatch(word)
        if match and match[3]:
            letters = _VERSION_1.get(match[3], match[3])
            query = (match[4] or "").removeprefix("?")
            found.append(
                Clinical(
                    context=match[1],
                    resource_type=match[2],
                    letters=letters,
                    query=query,
                )
            )
    return tuple(found)


def permits(scope: str, resource_type: str, interaction: str) -> bool:
    """Whether the scope string allows an interaction (a key of `LETTERS`) on a type.

    A read is allowed where any scope lets something of the type be read: what, `sight` tells, and
    every read is filtered by it. Pass `*` as type for what touches any type (`$everything`, a
    search of the whole system, the purge): such a read is allowed where one of any type is; a write
    needs a scope over `*`. A scope narrowed by a query permits no write: what is to be written is
    not compared with it.
    """
    letter = LETTERS[interaction]
    if letter in READING:
        return any(
            letter in one.letters and (one.covers(resource_type) or resource_type == "*")
            for one in parse(scope)
        )
    return any(
        letter in one.letters and not one.query and one.covers(resource_type)
        for one in parse(scope)
    )


Pairs = tuple[tuple[str, str], ...]
"""(name, value) of a search: all must hold."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What a token's scopes let be read."""

    granted: tuple[Clinical, ...]

    @cached_property
    def everything(self) -> bool:
        """Whether nothing is kept from it."""
        return all(
            any(letter in one.letters and one.covers("*") and not one.query for one in self.granted)
            for letter in READING
        )

    def of(self, rtype: str, letters: str = READING) -> tuple[Pairs, ...] | None:
        """What of a type may be seen by a scope with one of the letters: None, everything;
        else alternative searches of which one must find a resource; without any, nothing.
        """
        if self.everything:
            return None
        found = [
            one
            for one in self.granted
            if one.covers(rtype) and not set(letters).isdisjoint(one.letters)
        ]
        if any(not one.query for one in found):
            return None
        return tuple(dict.fromkeys(one.pairs for one in found))


@lru_cache(maxsize=1024)
def sight(scope: str) -> Sight:
    """What a scope string lets be read."""
    return Sight(granted=parse(scope))


WHOLE = sight(EVERYTHING)
"""The sight of a token that is not narrowed."""
