"""Values of a resource's properties in which nothing was found wrong: the same codes, patients and
encounters come again and again, and need not be looked at each time."""

from __future__ import annotations

from typing import Any

from fhirstore import digits

MOST = 16384
"""Values that are remembered; then all are forgotten."""
LONGEST = 512
"""Bytes of the longest one."""
Key = tuple[str, str, str, bytes]

_UNIQUE = frozenset(("text", "identifier", "contained"))
"""Properties whose values hardly come again, or that say what others may refer to."""
_SEEN: dict[Key, None] = {}


def keys_of(version: str, resource: dict[str, Any]) -> dict[str, Key]:
    """By name, what to ask `known` and to tell `remember` of those properties of a resource that
    stand for themselves: which refer to nothing contained, and have no `_name` beside them."""
    rtype, found = resource["resourceType"], {}
    beside = {name[1:] for name in resource if name[:1] == "_"}
    for name, value in resource.items():
        kind = type(value)
        if (kind is dict or kind is list) and name not in _UNIQUE and name not in beside:
            try:
                printed = digits.dumps(value)
            except TypeError:  # no JSON
                continue
            if len(printed) <= LONGEST and b'"#' not in printed and name[:1] != "_":
                found[name] = (version, rtype, name, printed)
    return found


def known(key: Key) -> bool:
    """Whether this value was found clean before."""
    return key in _SEEN


def remember(keys: dict[str, Key]) -> None:
    """These were found clean."""
    if len(_SEEN) + len(keys) > MOST:
        _SEEN.clear()
    _SEEN.update(dict.fromkeys(keys.values()))
