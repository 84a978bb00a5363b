"""An imported resource on its way in: who it is, whose it is, and what the server adds to it (wire
contract 12.6, 13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.conf import settings

from fhirstore import digits, identity
from fhirstore.attachments import WITH_ATTACHMENTS, rewrite_attachments
from fhirstore.keys import EVERY_VERSION, VERSION_BITS, source_key
from fhirstore.references import Bases, Rewritten, count, rewrite
from fhirstore.rtypes import NUMBERS
from fhirstore.search.definitions import TypeDefinition, types
from fhirstore.search.membership import patient_references
from fhirstore.source import Source

MAX_SOURCE_ID = 2048
OURS = frozenset({"Subscription", "AuditEvent"})
"""Types that tell this server, or apps, what to do or what was done: never a source's to say. A
Subscription in a hospital's answer would have the user's whole record sent to where it pleases.
"""
_WEARABLE_SUBJECT = {"Observation": "subject", "Device": "patient"}


class Rejected(ValueError):
    """The source sent something that is no resource of its version; the text holds nothing of a
    patient."""


@dataclass(slots=True, kw_only=True)
class Arrival:
    """A parsed resource and its identity, as a batch keeps it for itself. `patient` is our id of
    the patient it belongs to, None where it belongs to none; `text` is what was parsed."""

    rtype: str
    number: int
    source_id: str
    url: str
    src: int
    hash: bytes
    patient: str | None
    fid: str
    resource: dict[str, Any]
    text: bytes

    def id_at(self, attempt: int) -> str:
        """The public id to try at the n-th attempt (13.3)."""
        url = identity.numbered(self.url, attempt)
        return (
            identity.short_id(url) if self.patient is None else identity.long_id(self.patient, url)
        )


class Reception:
    """Turns what one source sends into arrivals. `home` is the home Patient's id for a wearable;
    `aliases` maps `src` to ids that 13.3 had to choose."""

    def __init__(self, source: Source, *, home: str | None, aliases: Mapping[int, str]) -> None:
        self.source = source
        self.wearable = source.version == "any"
        self.version = "r4" if self.wearable else source.version
        self.vers = EVERY_VERSION if self.wearable else VERSION_BITS[source.version]
        self.bases = Bases((source.base, *source.also_bases))
        self.aliases = aliases
        self._types = types(self.version)
        # A batch names the same few targets over and over.
        self._patients: dict[str, str] = {}
        self._targets: dict[tuple[str, str, str | None], tuple[str, str | None]] = {}
        self.patient = (
            home if self.wearable else self.patient_id(source.patient) if source.patient else None
        )

    def definition(self, rtype: str) -> TypeDefinition | None:
        """What the source's version says about a type."""
        return self._types.get(rtype)

    def patient_id(self, source_id: str) -> str:
        """Our id of one of the source's Patients."""
        if found := self._patients.get(source_id):
            return found
        url = identity.source_url(base=self.source.base, rtype="Patient", source_id=source_id)
        found = self.aliases.get(source_key(url)) or identity.short_id(url)
        self._patients[source_id] = found
        return found

    def receive(self, raw: bytes | dict[str, Any]) -> Arrival:
        """Parse and identify. Raises Rejected."""
        text = _text(raw)
        resource = _parsed(text)
        rtype = resource.get("resourceType")
        if not isinstance(rtype, str):
            raise Rejected("no resourceType")
        if self.definition(rtype) is None:
            raise Rejected(
                f"{rtype if rtype in NUMBERS else 'unknown type'}: not a type of this version"
            )
        if rtype in OURS:
            raise Rejected(f"{rtype}: not a source's to send")
        source_id = resource.get("id")
        if source_id is not None and not (
            isinstance(source_id, str) and 0 < len(source_id) <= MAX_SOURCE_ID
        ):
            raise Rejected(f"{rtype}: bad id")
        content = digits.canonical(_content(resource))
        source_id = source_id or identity.made_up(content)
        url = identity.source_url(base=self.source.base, rtype=rtype, source_id=source_id)
        src = source_key(url)
        patient = self._patient(rtype, resource)
        return Arrival(
            rtype=rtype,
            number=NUMBERS[rtype],
            source_id=source_id,
            url=url,
            src=src,
            hash=blake2b(content, digest_size=16).digest(),
            patient=patient,
            fid=self.aliases.get(src)
            or (identity.short_id(url) if patient is None else identity.long_id(patient, url)),
            resource=resource,
            text=text,
        )

    def _patient(self, rtype: str, resource: dict[str, Any]) -> str | None:
        if rtype == "Patient":
            return None
        definition = self.definition(rtype)
        if definition is None or not definition.patient:
            return None
        if self.wearable:
            return self.patient
        for reference in patient_references(resource, self.version):
            own = self.bases.own(reference)
            if own and own[0] == "Patient":
                return self.patient_id(own[1])
        return self.patient if definition.compartment else None

    def target_id(
        self, rtype: str, source_id: str, *, patient: str | None
    ) -> tuple[str, str | None]:
        """Our id of a resource that another one of `patient` refers to, and where the type may or
        may not belong to a patient (a Device) the other possible id."""
        asked = rtype, source_id, patient
        found = self._targets.get(asked)
        if found is None:
            found = self._targets[asked] = self._target_id(rtype, source_id, patient)
        return found

    def _target_id(self, rtype: str, source_id: str, patient: str | None) -> tuple[str, str | None]:
        url = identity.source_url(base=self.source.base, rtype=rtype, source_id=source_id)
        if alias := self.aliases.get(source_key(url)):
            return alias, None
        definition = self.definition(rtype)
        patient = patient or self.patient
        if rtype == "Patient" or patient is None or definition is None or not definition.patient:
            return identity.short_id(url), None
        doubtful = not definition.compartment and not self.wearable
        return identity.long_id(patient, url), identity.short_id(url) if doubtful else None

    def complete(self, arrival: Arrival, fid: str, rewritten: Rewritten) -> dict[str, Any]:
        """The resource as it will be stored, but for `meta.versionId` and `lastUpdated`. Changes
        `arrival.resource`."""
        resource = arrival.resource
        rewrite(resource, rewritten, most=count(arrival.text))
        if self.wearable:
            if (member := _WEARABLE_SUBJECT.get(arrival.rtype)) and self.patient:
                resource[member] = {"reference": f"Patient/{self.patient}"}
        elif arrival.rtype in WITH_ATTACHMENTS:
            served = f"{settings.HOSTS['api'].rstrip('/')}/fhir/{self.version}"
            rewrite_attachments(resource, base=self.source.base, bases=self.bases, served=served)
        resource["id"] = fid
        self._identify(resource, arrival)
        if arrival.rtype == "Binary":
            _binary(resource, self.version)
        if self.version == "r4":
            meta = resource.get("meta")
            resource["meta"] = (meta if isinstance(meta, dict) else {}) | {
                "source": f"1up-external-system:{self.source.system_id}"
            }
        return resource

    def _identify(self, resource: dict[str, Any], arrival: Arrival) -> None:
        definition = self.definition(arrival.rtype)
        if definition is None or not definition.identifier:
            return
        given = {"value": arrival.source_id, "use": "usual", "system": self.source.base}
        if self.wearable:
            del given["use"]
        if definition.identifier == "1":
            resource.setdefault("identifier", given)
            return
        held = resource.get("identifier")
        identifiers = held if isinstance(held, list) else [] if held is None else [held]
        same = any(
            isinstance(i, dict)
            and i.get("system") == given["system"]
            and i.get("value") == given["value"]
            for i in identifiers
        )
        resource["identifier"] = identifiers if same else [*identifiers, given]


def _text(raw: bytes | dict[str, Any]) -> bytes:
    if not isinstance(raw, dict):
        return raw
    try:
        return digits.dumps(raw)
    except TypeError:  # no JSON value, or nested too deeply
        rtype = raw.get("resourceType")
        raise Rejected(f"{rtype if rtype in NUMBERS else 'unknown type'}: not JSON") from None


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        resource = digits.loads(text)
    except ValueError:
        raise Rejected("not JSON") from None
    if not isinstance(resource, dict):
        raise Rejected("not a resource")
    return resource


def _content(resource: dict[str, Any]) -> dict[str, Any]:
    """What is compared: all but the source's own version and time."""
    meta = resource.get("meta")
    if not isinstance(meta, dict) or not ("versionId" in meta or "lastUpdated" in meta):
        return resource
    return resource | {
        "meta": {k: v for k, v in meta.items() if k not in ("versionId", "lastUpdated")}
    }


def _binary(resource: dict[str, Any], version: str) -> None:
    """The bytes are `data` in R4, `content` before."""
    wanted, other = ("data", "content") if version == "r4" else ("content", "data")
    if other in resource and wanted not in resource:
        resource[wanted] = resource.pop(other)
