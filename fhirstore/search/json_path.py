"""The paths of search parameters as PostgreSQL's JSON paths, for what is read from bodies."""

from __future__ import annotations

import json
import re

from fhirstore.search.paths import SEGMENT


def json_path(names: str, *, any_target: bool = False) -> str:
    """The JSON path of a path without its type (fhirstore/search/definitions/condense.py).
    `any_target`: also to references to other types than the path says."""
    return "$" + "".join(_step(match, any_target) for match in SEGMENT.finditer(names))


def _step(match: re.Match[str], any_target: bool) -> str:
    name, field, value, index, target = match.groups()
    step = f'."{name}"'
    if field:
        step += f' ? (@."{field}" == {json.dumps(value)})'
    if index:
        step += f"[{index}]"
    if target and not any_target:
        step += f' ? (@."reference" like_regex {json.dumps(f"(^|/){target}/")})'
    return step
