"""What is wrong with resources that came from sources and are kept as they came."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from fhirstore.validation import errors, problems

KINDS = 20
"""So many kinds of problems are told, the most frequent ones."""
_PLACE = re.compile(r"\[\d+\]")


class Irregular:
    """Counts resources whose structure is not that of their version, and what is wrong with them.
    Give `look` to `ingest`."""

    def __init__(self) -> None:
        self.count = 0
        self._kinds: Counter[tuple[str, str]] = Counter()

    def look(self, version: str, resource: dict[str, Any]) -> None:
        """Look at a resource that was stored."""
        found = errors(problems(version, resource))
        self.count += bool(found)
        self._kinds.update({(_PLACE.sub("", p.expression), p.text) for p in found})

    def kinds(self) -> list[dict[str, Any]]:
        """The most frequent kinds of problems: where, what, and in how many resources. They hold no
        patient data."""
        return [
            {"expression": expression, "problem": text, "resources": times}
            for (expression, text), times in self._kinds.most_common(KINDS)
        ]
