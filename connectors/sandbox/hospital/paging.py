"""Pages of a search.

The `next` link carries the whole search and the instant of its first page, so that nothing moves
between pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from connectors.sandbox.hospital.fhir.shared import Resource

DEFAULT, MOST = 50, 200
SESSION, OFFSET = "sessionID", "offset"


def size(text: str | None) -> int:
    """The page size for a `_count`; what is not a positive number counts as the default."""
    if text is None or not text.isdecimal() or int(text) == 0:
        return DEFAULT
    return min(int(text), MOST)


def bundle(
    found: Sequence[Resource],
    *,
    base: str,
    type_: str,
    used: Sequence[tuple[str, str]],
    count: int,
    offset: int,
    session: str,
    ignored: Sequence[str],
) -> Resource:
    """The searchset of one page.

    `used` are the parameters that were understood, `session` the instant of the first page.
    """
    page = found[offset : offset + count]
    links = [_link("self", base, type_, used, count, offset, session if offset else "")]
    if offset + count < len(found):
        links.append(_link("next", base, type_, used, count, offset + count, session))
    entries: list[Resource] = [
        {
            "fullUrl": f"{base}/{type_}/{resource['id']}",
            "resource": resource,
            "search": {"mode": "match"},
        }
        if "id" in resource
        else {"resource": resource, "search": {"mode": "match"}}
        for resource in page
    ]
    if ignored and not offset:
        entries.append({"resource": _unheard(ignored), "search": {"mode": "outcome"}})
    answer: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": links,
    }
    if entries:
        answer["entry"] = entries
    return answer


def _link(
    relation: str,
    base: str,
    type_: str,
    used: Sequence[tuple[str, str]],
    count: int,
    offset: int,
    session: str,
) -> Resource:
    query = [*used, ("_count", str(count))]
    if session:
        query += [(SESSION, session), (OFFSET, str(offset))]
    return {"relation": relation, "url": f"{base}/{type_}?{urlencode(query)}"}


def _unheard(names: Sequence[str]) -> Resource:
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "warning",
                "code": "not-supported",
                "diagnostics": f"The parameter {name} is not supported and was ignored.",
            }
            for name in names
        ],
    }
