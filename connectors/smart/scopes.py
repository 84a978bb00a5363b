"""SMART scopes as a client uses them: what to ask for, and which types a grant lets us read.

smart-app-launch 2.2 "scopes and launch context": `patient/X.read` of version 1 is `patient/X.rs`
of version 2.
"""

from __future__ import annotations

import re
from collections.abc import Collection

CONTEXT = ("launch/patient", "openid", "fhirUser", "offline_access")
_SCOPE = re.compile(r"(?:patient|user)/(\*|[A-Z][A-Za-z]+)\.(\*|read|write|[cruds]+)(?:\?.*)?$")


def wanted(*, types: Collection[str], capabilities: Collection[str], wildcard: bool) -> str:
    """The scope of an authorization request, in the grammar the server says it understands."""
    modern = "permission-v2" in capabilities and "permission-v1" not in capabilities
    suffix = "rs" if modern else "read"
    names = ["*"] if wildcard else sorted(types)
    return " ".join([*CONTEXT, *(f"patient/{name}.{suffix}" for name in names)])


def readable(scope: str) -> Collection[str] | None:
    """The resource types a granted scope lets us search; None where it does not limit them."""
    types: set[str] = set()
    named = False
    for word in scope.split():
        match = _SCOPE.match(word)
        if match is None:
            continue
        named = True
        rtype, letters = match.groups()
        if letters in ("*", "read") or ("s" in letters and letters != "write"):
            if rtype == "*":
                return None
            types.add(rtype)
    return types if named else None
