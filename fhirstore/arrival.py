"""An imported resource on its way in: who it is, whose it is, and what the server adds to it (wire
contract 12.6, 13)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.conf import settings

from fhirstore import digits, identity
from fhirstore.attachments import WITH_ATTACHMENTS, rewrite_attachments
from fhirstore.held import Key
from fhirstore.keys import EVERY_VERSION, VERSION_BITS, source_key
from fhirstore.references import Bases, Rewritten, count, rewrite
from fhirstore.rtypes import NUMBERS
from fhirstore.search.definitions import TypeDefinition, types
from fhirstore.search.membership import patient_readers
from fhirstore.search.values import targets
from fhirstore.source import Source

MAX_SOURCE_ID = 2048
SEAL = 16
"""Bytes of a seal, and of the hash of the content before it."""
_BEGINNING = re.compile(rb'\{"resourceType":"([A-Za-z]+)","id":"([!#-\[\]-~]{1,256})"')
_TYPE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')
_ID = re.compile(rb'"id"\s*:\s*"([!#-\[\]-~]{1,256})"')
OURS = frozenset({"Subscription", "AuditEvent"})
"""Types that tell this server, or apps, what to do or what was done: never a source's to say. A
Subscription in a hospital's answer would have the user's whole record sent to where it pleases.
"""
_WEARABLE_SUBJECT = {"Observation": "subject", "Device": "patient"}


class Rejected(ValueError):
    """The source sent something that is no resource of its version; the text holds nothing of a
    patient."""


@dataclass(slots=True)
class Name:
    """Who a resource seems to be, told from its text without reading it: whoever compares what is
    stored under that id with the text's `seal` need not read it either. The members as in
    Arrival."""

    rtype: str
    source_id: str
    url: str
    src: int
    patient: str | None
    key: Key
    seal: bytes


@dataclass(slots=True)
class Arrival:
    """A parsed resource and its identity, as a batch keeps it for itself. `hash` is what
    `fhir_resource.hash` holds: of the content, and behind it the seal of the text; `patient` is our
    id of the patient it belongs to, None where it belongs to none; `text` is what was parsed."""

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
        self._kinds = _kinds(self.version)
        self.of_some = frozenset() if self.wearable else _of_some(self.version)
        self._marked = {"source": f"1up-external-system:{source.system_id}"}
        # A batch names the same few targets over and over.
        self._patients: dict[str, str] = {}
        self._whose: dict[str, str | None] = {}
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

    def name(self, text: bytes) -> Name | None:
        """Who a resource seems to be; None where that is not to be seen."""
        found = _BEGINNING.match(text)
        if found:
            kind, ident = found.groups()
        else:
            kinds, idents = _TYPE.search(text), _ID.search(text)
            if not (kinds and idents):
                return None
            kind, ident = kinds[1], idents[1]
        known = self._kinds.get(kind)
        if known is None:
            return None
        rtype, number, whose = known
        patient = self.patient if whose else None
        source_id = ident.decode()
        url = identity.source_url(base=self.source.base, rtype=rtype, source_id=source_id)
        src = source_key(url)
        fid = self._fid(src, patient, url)
        return Name(rtype, source_id, url, src, patient, (number, fid), seal(text))

    def receive(self, text: bytes, name: Name | None = None) -> Arrival:
        """Parse and identify; `name`: who it seems to be. Raises Rejected."""
        resource = _parsed(text)
        rtype = resource.get("resourceType")
        if not isinstance(rtype, str):
            raise Rejected("no resourceType")
        if rtype not in self._types:
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
        patient = self._patient(rtype, resource)
        if name and name.source_id == source_id and name.rtype == rtype:
            url, src, sealed = name.url, name.src, name.seal
            fid = name.key[1] if name.patient == patient else self._fid(src, patient, url)
        else:
            url = identity.source_url(base=self.source.base, rtype=rtype, source_id=source_id)
            src, sealed = source_key(url), seal(text)
            fid = self._fid(src, patient, url)
        return Arrival(
            rtype,
            NUMBERS[rtype],
            source_id,
            url,
            src,
            blake2b(content, digest_size=SEAL).digest() + sealed,
            patient,
            fid,
            resource,
            text,
        )

    def _fid(self, src: int, patient: str | None, url: str) -> str:
        return (self.aliases and self.aliases.get(src)) or (
            identity.short_id(url) if patient is None else identity.long_id(patient, url)
        )

    def _patient(self, rtype: str, resource: dict[str, Any]) -> str | None:
        if rtype == "Patient":
            return None
        definition = self._types[rtype]
        if not definition.patient:
            return None
        if self.wearable:
            return self.patient
        for read in patient_readers(self.version, rtype):
            for value in read(resource):
                reference = value.get("reference") if type(value) is dict else None
                if type(reference) is str:
                    whose = self._whose.get(reference) or self._named(reference)
                    if whose is not None:
                        return whose
        return self.patient if definition.compartment else None

    def _named(self, reference: str) -> str | None:
        """Our id of the source's Patient that a reference names; None where it names none."""
        try:
            return self._whose[reference]
        except KeyError:
            whose = None
            for target in targets("Reference", {"reference": reference}, self.version):
                own = self.bases.own(target)
                if own and own[0] == "Patient":
                    whose = self.patient_id(own[1])
            self._whose[reference] = whose
            return whose

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
        rewrite(arrival.resource, rewritten, most=count(arrival.text))
        return self.dress(arrival, fid)

    def dress(self, arrival: Arrival, fid: str) -> dict[str, Any]:
        """The same but for its references (of wearable data: once they are rewritten)."""
        resource = arrival.resource
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
            resource["meta"] = meta | self._marked if isinstance(meta, dict) else self._marked
        return resource

    def _identify(self, resource: dict[str, Any], arrival: Arrival) -> None:
        definition = self._types[arrival.rtype]
        if not definition.identifier:
            return
        given = {"value": arrival.source_id, "use": "usual", "system": self.source.base}
        if self.wearable:
            del given["use"]
        if definition.identifier == "1":
            resource.setdefault("identifier", given)
            return
        held = resource.get("identifier")
        if held is None:
            resource["identifier"] = [given]
            return
        identifiers = held if isinstance(held, list) else [held]
        same = any(
            isinstance(i, dict)
            and i.get("system") == given["system"]
            and i.get("value") == given["value"]
            for i in identifiers
        )
        resource["identifier"] = identifiers if same else [*identifiers, given]


@lru_cache
def _kinds(version: str) -> dict[bytes, tuple[str, int, bool]]:
    """The types that a source may send, each with its number, by what names it in a text, and
    whether it may belong to a patient."""
    return {
        rtype.encode(): (rtype, NUMBERS[rtype], bool(known.patient) and rtype != "Patient")
        for rtype, known in types(version).items()
        if rtype not in OURS
    }


@lru_cache
def _of_some(version: str) -> frozenset[str]:
    """The types of which only some belong to a patient, as their content says: Devices for one."""
    return frozenset(
        rtype for rtype, known in types(version).items() if known.patient and not known.compartment
    )


def seal(text: bytes) -> bytes:
    """What tells a text from any other."""
    return blake2b(text, digest_size=SEAL).digest()


def same_content(stored: bytes | None, arrived: bytes) -> bool:
    """Whether two values of `fhir_resource.hash` tell the same content, however it was printed."""
    return stored is not None and stored[:SEAL] == arrived[:SEAL]


def text_of(raw: bytes | dict[str, Any]) -> bytes:
    """What a source sent as JSON text. Raises Rejected."""
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
    meta, content = meta.copy(), resource.copy()
    meta.pop("versionId", None)
    meta.pop("lastUpdated", None)
    content["meta"] = meta
    return content


def _binary(resource: dict[str, Any], version: str) -> None:
    """The bytes are `data` in R4, `content` before."""
    wanted, other = ("data", "content") if version == "r4" else ("content", "data")
    if other in resource and wanted not in resource:
        resource[wanted] = resource.pop(other)
