"""Where imported resources come from, as plain values: the store has never heard of a connector."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source of imported resources.

    `base` is what public ids are made from (wire contract 13): a hospital's canonical FHIR base, or
    `<resource_url>/user/<account>` of a wearable; no trailing slash. `version` is "dstu2", "stu3",
    "r4", or "any" for wearable data, which is stored once and rendered into each. `patient` is the
    source's own patient id ("" for a wearable: the user's home Patient is the subject, section 14).
    `also_bases`: other URLs under which the source speaks of itself (the one really called), so
    that absolute references are recognised."""

    base: str
    system_id: int
    connection: int
    version: str
    patient: str
    also_bases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IngestSummary:
    """What an ingest did. `problems` are short texts without patient data ("Observation: no
    resourceType")."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    problems: tuple[str, ...] = field(default=())

    def __add__(self, other: IngestSummary) -> IngestSummary:
        return IngestSummary(
            created=self.created + other.created,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            rejected=self.rejected + other.rejected,
            problems=self.problems + other.problems,
        )
