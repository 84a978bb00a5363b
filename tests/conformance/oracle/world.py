"""The resources a search looks at, and the parameters of their types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.conformance.oracle.parameters import PARAMETERS, Parameter, Path

Resource = dict[str, Any]

_META = {
    "_id": Parameter("_id", "id"),
    "_lastUpdated": Parameter("_lastUpdated", "date", (Path("instant", ("meta", "lastUpdated")),)),
    "_tag": Parameter("_tag", "token", (Path("Coding", ("meta", "tag*")),)),
    "_security": Parameter("_security", "token", (Path("Coding", ("meta", "security*")),)),
    "_profile": Parameter("_profile", "uri", (Path("uri", ("meta", "profile*")),)),
    "_source": Parameter("_source", "uri", (Path("uri", ("meta", "source")),)),
}


@dataclass(frozen=True)
class World:
    """One user's resources in one version; numbers in them are Decimal. `bases` are the addresses
    under which this server is asked, each with a slash at its end."""

    version: str
    resources: tuple[Resource, ...]
    now: datetime
    bases: tuple[str, ...] = ()

    def of(self, rtype: str) -> Iterator[Resource]:
        """The resources of a type."""
        return (r for r in self.resources if r["resourceType"] == rtype)

    def get(self, reference: str) -> Resource | None:
        """What "Type/id" names."""
        return next((r for r in self.resources if name_of(r) == reference), None)

    def canonical(self, reference: str) -> list[Resource]:
        """What a canonical names: whatever has the url, and the version if there is one; or a
        resource by its name."""
        url, _, version = reference.partition("|")
        return [
            r
            for r in self.resources
            if name_of(r) == url
            or (
                "url" in PARAMETERS[self.version].get(r["resourceType"], {})
                and r.get("url") == url
                and version in ("", r.get("version"))
            )
        ]

    def parameter(self, rtype: str, code: str) -> Parameter | None:
        """A parameter of a type or of every type; `_source` came with R4."""
        if code == "_source" and self.version != "r4":
            return None
        return PARAMETERS[self.version].get(rtype, {}).get(code) or _META.get(code)

    def types(self) -> list[str]:
        """The types that this oracle knows in this version."""
        return list(PARAMETERS[self.version])


def name_of(resource: Resource) -> str:
    """ "Type/id"."""
    return f"{resource['resourceType']}/{resource['id']}"
