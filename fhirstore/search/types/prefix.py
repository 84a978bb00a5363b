"""The prefixes of ordered values: dates, numbers, quantities
(hl7.org/fhir/R4/search.html#prefix).
"""

from __future__ import annotations

PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")


def split_prefix(value: str) -> tuple[str, str]:
    """A value's prefix ("eq" where it has none) and the rest."""
    return (value[:2], value[2:]) if value[:2] in PREFIXES else ("eq", value)
