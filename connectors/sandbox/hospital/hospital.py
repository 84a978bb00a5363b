"""A simulated hospital: a house whose people have records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.hospital.facts.findings import Reading
from connectors.sandbox.hospital.facts.life import Life
from connectors.sandbox.hospital.fhir.observations import observation
from connectors.sandbox.hospital.fhir.record import record
from connectors.sandbox.hospital.fhir.renderers import Renderer
from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource
from connectors.sandbox.hospital.ids import Ids
from connectors.sandbox.hospital.story.life import Story
from connectors.sandbox.house import House


@dataclass(frozen=True, kw_only=True)
class Hospital(House):
    """A house with records by patient id, served in one FHIR version."""

    renderer: Renderer
    ids: Ids
    records: Mapping[str, Story]

    def record(self, patient: str, now: datetime) -> list[Resource]:
        """Every resource of a person's record at `now`."""
        return record(self._room(self.records[patient].life(now)))

    def result(self, life: Life, reading: Reading) -> Resource:
        """A reading as a resource of its own."""
        return observation(self._room(life), reading)

    def _room(self, life: Life) -> Chartroom:
        return Chartroom(life=life, version=self.renderer.version, ids=self.ids)
