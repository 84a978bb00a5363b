"""The paths of search parameters as PostgreSQL's JSON paths, for what is read from bodies."""

from __future__ import annotations

import json
import re

_SEGMENT = re.compile(r"(\w+)(?:\[(?:(\w+)=([^\]]*)|(\d+))\])?(?:\?(\w+))?")


def json_path(names: str) -> str:
    """The JSON path of a path without its type (fhirstore/search/definitions/condense.py)."""
    return "$" + "".join(_step(match) for match in _SEGMENT.finditer(names))


def _step(match: re.Match[str]) -> str:
    name, field, value, index, target = match.groups()
    step = f'."{name}"'
    if field:
        step += f' ? (@."{field}" == {json.dumps(value)})'
    if index:
        step += f"[{index}]"
    if target:
        step += f' ? (@."reference" like_regex {json.dumps(f"(^|/){target}/")})'
    return step
