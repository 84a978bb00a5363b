"""What has come in for one user."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import AppUser
from connectors.models import Connection
from fhirstore.counts import TypeCount, count_by_type


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """The user's connections, newest first, and resources by type, most first. `coming`: a first
    answer is still awaited.
    """

    connections: list[Connection]
    types: list[TypeCount]

    @property
    def resources(self) -> int:
        return sum(row.resources for row in self.types)

    @property
    def coming(self) -> bool:
        return any(row.status == Connection.PENDING for row in self.connections)

    def has(self, system_id: int) -> bool:
        """Whether the user is connected to this system."""
        return any(
            row.system_id == system_id and row.status != Connection.DISCONNECTED
            for row in self.connections
        )


def arrivals_of(person: AppUser) -> Arrivals:
    """In two statements."""
    connections = Connection.objects.filter(app_user=person).select_related("system", "app_user")
    return Arrivals(
        connections=list(connections.order_by("-pk")[:10]),
        types=count_by_type(owner=person.pk),
    )
