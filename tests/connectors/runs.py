"""Runs over a connection as the engine makes them, keeping everything in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.connector import Resource
from connectors.errors import ConnectorError, ScopeMissing
from connectors.models import Connection
from connectors.registry import connector_for
from connectors.tokens import authorized_session, link_of


@dataclass
class Harvest:
    """What a run brought: resources in order, checkpoints by window key, and what was refused."""

    resources: list[Resource] = field(default_factory=list)
    checkpoints: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, ConnectorError] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    windows: list[tuple[str, datetime | None, datetime]] = field(default_factory=list)

    def by_id(self) -> dict[str, dict[str, Any]]:
        """`Type/id` to the parsed resource."""
        parsed = [json.loads(r) if isinstance(r, bytes) else r for r in self.resources]
        return {f"{r['resourceType']}/{r.get('id')}": r for r in parsed}

    def of(self, rtype: str) -> list[dict[str, Any]]:
        """The resources of a type."""
        return [r for r in self.by_id().values() if r["resourceType"] == rtype]

    def text(self) -> bytes:
        """Everything that came as bytes."""
        return b"\n".join(r for r in self.resources if isinstance(r, bytes))


def run(
    connection: Connection,
    *,
    now: datetime,
    checkpoints: Mapping[str, str] | None = None,
    keep_going: bool = False,
) -> Harvest:
    """One run. A refused window is noted; any other error is raised, or noted with `keep_going`."""
    row = Connection.objects.select_related("system").get(pk=connection.pk)
    link = link_of(row)
    session = authorized_session(row.pk, now=now)
    pull = connector_for(link.slug, link.kind).open(link, session, now=now)
    known = dict(checkpoints or {})
    harvest = Harvest(checkpoints=known)
    for window in pull.windows(checkpoints=dict(known), now=now):
        harvest.windows.append((window.key, window.start, window.end))
        reached = None
        try:
            for page in pull.fetch(window):
                harvest.resources += page.resources
                harvest.problems += page.problems
                reached = page.checkpoint
        except ScopeMissing as error:
            harvest.refused[window.key] = str(error)
        except ConnectorError as error:
            if not keep_going:
                raise
            harvest.failed[window.key] = error
        else:
            if window.key not in harvest.failed:
                harvest.checkpoints[window.key] = reached or window.end.isoformat()
    return harvest
