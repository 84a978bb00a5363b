"""Following a path into a resource."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.conformance.oracle.parameters import Path

_STEP = re.compile(r"(\w+)(\*?)(?:\[(\w+)(?:=(\w+))?\])?")


def nodes(start: Any, steps: Iterable[str]) -> list[Any]:
    """All that lies at the end of the steps; an element that repeats gives each."""
    found = [start]
    for step in steps:
        match = _STEP.fullmatch(step)
        assert match, step
        name, _, field, wanted = match.groups()
        if field and not wanted:
            name, field = name + field, None
        below = [node[name] for node in found if isinstance(node, dict) and name in node]
        found = [x for value in below for x in (value if isinstance(value, list) else [value])]
        if field:
            found = [x for x in found if isinstance(x, dict) and x.get(field) == wanted]
    return found


def values(start: Any, paths: Iterable[Path]) -> list[tuple[str, Any]]:
    """(data type, value) of everything under one of the paths."""
    return [(path.kind, value) for path in paths for value in nodes(start, path.steps)]
