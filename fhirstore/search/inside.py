"""The tables in which contained resources are indexed while a search looks at them
(fhirstore/search/contained.py), under the names of the store's."""

from __future__ import annotations

import re

NAMES = ("resource", "token", "range", "string")
_STORED = re.compile(rf"\bfhir_({'|'.join(NAMES)})\b")


def inside(sql: str) -> str:
    """A statement asked of what is contained instead of what is stored."""
    return _STORED.sub(r"pg_temp.within_\1", sql)
