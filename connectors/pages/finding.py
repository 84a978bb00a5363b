"""What is on a page to find a hospital or device: a list, and what is connected already."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.catalog.search import PAGE, plain_query, search_systems
from connectors.catalog.shown import place
from connectors.member_events import member_events
from connectors.models import CLINICAL, DEVICE, Connection, System

_NUMBER = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A hospital or device to choose. `parts` is its name in pieces, each with whether it was
    searched for.
    """

    name: str
    parts: list[tuple[str, bool]]
    place: str
    href: str
    connected: bool
    down: bool


def finding(
    *,
    given: Mapping[str, str],
    app_user_id: int,
    href: Callable[[int], str],
    now: datetime,
) -> dict[str, Any]:
    """The values of templates/connectors/find.html that depend on what was asked: `q`, `kind`,
    `offset`, and `exact` where nothing shall be repaired.
    """
    query = plain_query(given.get("q", ""))
    kind = given.get("kind", "")
    kind = kind if kind in (CLINICAL, DEVICE) else ""
    start = given.get("offset", "")
    offset = int(start) if _NUMBER.fullmatch(start) else 0
    found = search_systems(
        query=query, kind=kind, ready=True, exact=bool(given.get("exact")), offset=offset
    )
    if query and not offset:
        member_events().search_results(app_user_id, len(found.systems), now)
    connections = list(
        Connection.objects.filter(app_user_id=app_user_id)
        .exclude(status=Connection.DISCONNECTED)
        .select_related("system")
        .defer("access_token", "refresh_token", "system__client_secret")
        .order_by("-connected_at")[:PAGE]
    )
    live = {row.system_id for row in connections if row.status in Connection.LIVE}
    return {
        "now": now,
        "query": query,
        "kind": kind,
        "kinds": ("", CLINICAL, DEVICE),
        "meant": " ".join(found.words),
        "repaired": found.repaired,
        "rows": [_row(system, found.words, href, live) for system in found.systems],
        "first": offset + 1,
        "last": offset + len(found.systems),
        "next": offset + PAGE if found.more and not found.repaired else None,
        "more": found.more,
        "offset": offset,
        "connections": [
            {"row": row, "href": href(row.system_id), "ready": row.system.configured}
            for row in connections
        ],
    }


def _row(system: System, words: tuple[str, ...], href: Callable[[int], str], live: set[int]) -> Row:
    return Row(
        name=system.name,
        parts=_parts(system.name, words),
        place=place(system),
        href=href(system.pk),
        connected=system.pk in live,
        down=system.status == "connection_unavailable",
    )


def _parts(name: str, words: tuple[str, ...]) -> list[tuple[str, bool]]:
    """The name cut where a word of it begins as one that was searched for."""
    if not words:
        return [(name, False)]
    longest_first = sorted(words, key=len, reverse=True)
    pattern = rf"(?<![\w'])({'|'.join(map(re.escape, longest_first))})"
    pieces = re.split(pattern, name, flags=re.IGNORECASE)
    return [(piece, bool(i % 2)) for i, piece in enumerate(pieces) if piece]
