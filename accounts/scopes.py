"""The SMART scope grammar, versions 1 and 2: `user/*.*`, `patient/Observation.read`,
`user/Condition.rs?category=...`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

EVERYTHING = "user/*.*"

_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)(\?.*)?")
_VERSION_1 = {"*": "cruds", "read": "rs", "write": "cud"}
# FHIR interaction → the SMART v2 letter that permits it.
LETTERS = {
    "read": "r",
    "vread": "r",
    "history": "r",
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

    Pass `*` as type for what touches any type (`$everything`, a Bundle, the purge): only a scope
    over `*` allows it. A scope narrowed by a query allows nothing here, because nobody filters by
    it: refusing is the safe reading.
    """
    letter = LETTERS[interaction]
    return any(
        letter in one.letters and not one.query and one.resource_type in ("*", resource_type)
        for one in parse(scope)
    )
