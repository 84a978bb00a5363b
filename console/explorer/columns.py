"""Which columns a table of a resource type has: few, in the words of the type, the same for all
FHIR versions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from console.explorer.values import code, first, measured, moment, person, words

Resource = dict[str, Any]
STATUS = _("Status")


@dataclass(frozen=True, kw_only=True)
class Column:
    """`text` gives a cell's words and the unit behind them, of a resource or (`of_entry`) of the
    Bundle's entry. `css` says how the cell stands, also on a phone (templates/parts/README.md)."""

    title: Any
    text: Callable[[Resource], tuple[str, str]]
    css: str = ""
    of_entry: bool = False


def _column(title: Any, read: Callable[[Any], str], *paths: str, css: str = "") -> Column:
    return Column(title=title, text=lambda found: (read(first(found, *paths)), ""), css=css)


def _when(title: Any, *paths: str) -> Column:
    return _column(title, moment, *paths)


def _what(title: Any, *paths: str) -> Column:
    return _column(title, words, *paths, css="lead")


def _words(title: Any, *paths: str) -> Column:
    return _column(title, words, *paths, css="full")


def _code(title: Any, *paths: str) -> Column:
    return _column(title, code, *paths, css="mono muted hide")


def _state(*paths: str, title: Any = STATUS) -> Column:
    return _column(title, words, *paths, css="state")


def _count(title: Any, path: str) -> Column:
    def text(found: Resource) -> tuple[str, str]:
        value = found.get(path)
        return (str(len(value)) if isinstance(value, list) else "0"), ""

    return Column(title=title, text=text, css="num")


def _name(title: Any) -> Column:
    def text(found: Resource) -> tuple[str, str]:
        name = first(found, "name")
        name = name[0] if isinstance(name, list) else name
        return (person(name) if isinstance(name, dict) else words(name)), ""

    return Column(title=title, text=text, css="lead")


VALUE = Column(title=_("Value"), text=measured, css="num value")
DATES = (
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "onsetDateTime",
    "onsetPeriod",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "authoredOn",
    "dateWritten",
    "dateAsserted",
    "recordedDate",
    "dateRecorded",
    "assertedDate",
    "period",
    "date",
    "created",
    "issued",
    "recorded",
    "start",
    "birthDate",
)
NAMES = (
    "code",
    "vaccineCode",
    "medicationCodeableConcept",
    "medicationReference",
    "substance",
    "type",
    "category",
    "class",
    "description",
    "title",
    "deviceName",
    "name",
)
STATES = ("status", "clinicalStatus", "verificationStatus")

_MEDICATION = ("medicationCodeableConcept", "medicationReference")
_DOSE = ("dosageInstruction.text", "dosage.text", "dosageInstruction.timing.code")

OTHER = (
    _when(_("When"), *DATES),
    _what(_("What"), *NAMES),
    _code(_("Code"), "code", "type"),
    _state(*STATES),
)
MIXED = (
    _column(_("Type"), words, "resourceType", css="state"),
    _when(_("When"), *DATES),
    _what(_("What"), *NAMES),
    VALUE,
)
_CHANGES = {"POST": _("created"), "PUT": _("changed"), "DELETE": _("deleted")}


def _change(entry: Resource) -> tuple[str, str]:
    # A PUT makes what was not there.
    if words(first(entry, "response.status")).startswith("201"):
        return str(_CHANGES["POST"]), ""
    return str(_CHANGES.get(words(first(entry, "request.method")), "")), ""


HISTORY = (
    _column(_("Type"), words, "resourceType"),
    _when(_("Written"), "meta.lastUpdated"),
    _what(_("What"), *NAMES),
    VALUE,
    Column(title=_("Change"), text=_change, css="state", of_entry=True),
)
_MEDICINES = (
    _when(
        _("When"),
        "authoredOn",
        "dateWritten",
        "effectivePeriod",
        "effectiveDateTime",
        "whenHandedOver",
        "dateAsserted",
    ),
    _what(_("Medicine"), *_MEDICATION),
    _code(_("Code"), "medicationCodeableConcept"),
    _words(_("Dose"), *_DOSE),
    _state("status"),
)
_PLACE = (
    _name(_("Name")),
    _words(_("Kind"), "type", "specialty", "qualification.code"),
    _words(_("City"), "address.city", "practitionerRole.organization"),
)
BY_TYPE: dict[str, tuple[Column, ...]] = {
    "Observation": (
        _when(_("Effective"), "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
        _what(_("Observation"), "code"),
        _code(_("Code"), "code"),
        VALUE,
        _state("status"),
    ),
    "Condition": (
        _when(
            _("Since"),
            "onsetDateTime",
            "onsetPeriod",
            "recordedDate",
            "assertedDate",
            "dateRecorded",
        ),
        _what(_("Condition"), "code"),
        _code(_("Code"), "code"),
        _words(_("Category"), "category"),
        _state("clinicalStatus", "verificationStatus"),
    ),
    "AllergyIntolerance": (
        _when(_("Recorded"), "recordedDate", "assertedDate", "onset", "onsetDateTime"),
        _what(_("To what"), "code", "substance"),
        _code(_("Code"), "code", "substance"),
        _words(_("Reaction"), "reaction.manifestation", "reaction.description"),
        _words(_("Criticality"), "criticality"),
        _state("clinicalStatus", "status"),
    ),
    "MedicationOrder": _MEDICINES,
    "MedicationRequest": _MEDICINES,
    "MedicationStatement": _MEDICINES,
    "MedicationDispense": _MEDICINES,
    "Immunization": (
        _when(_("Given"), "occurrenceDateTime", "date"),
        _what(_("Vaccine"), "vaccineCode"),
        _code(_("Code"), "vaccineCode"),
        _state("status"),
    ),
    "Procedure": (
        _when(_("Performed"), "performedDateTime", "performedPeriod"),
        _what(_("Procedure"), "code"),
        _code(_("Code"), "code"),
        _state("status"),
    ),
    "Encounter": (
        _when(_("From"), "period.start"),
        _when(_("Until"), "period.end"),
        _what(_("Visit"), "type", "class"),
        _words(_("Reason"), "reason", "reasonCode"),
        _state("status"),
    ),
    "DiagnosticReport": (
        _when(_("Effective"), "effectiveDateTime", "effectivePeriod", "issued"),
        _what(_("Report"), "code"),
        _code(_("Code"), "code"),
        _count(_("Results"), "result"),
        _state("status"),
    ),
    "DocumentReference": (
        _when(_("Date"), "date", "indexed", "created"),
        _what(_("Document"), "description", "type"),
        _words(_("Format"), "content.attachment.contentType"),
        _state("status"),
    ),
    "Patient": (
        _name(_("Name")),
        _when(_("Born"), "birthDate"),
        _words(_("Gender"), "gender"),
        _words(_("City"), "address.city"),
    ),
    "Practitioner": _PLACE,
    "Organization": _PLACE,
    "Location": _PLACE,
    "Device": (
        _what(_("Device"), "deviceName.name", "type", "model", "modelNumber"),
        _words(_("Maker"), "manufacturer"),
        _words(_("Version"), "version.value", "version"),
        _state("status"),
    ),
    "Coverage": (
        _when(_("From"), "period.start"),
        _what(_("Cover"), "type"),
        _words(_("Payer"), "payor", "issuer", "issuerReference"),
        _state("status"),
    ),
    "ExplanationOfBenefit": (
        _when(_("From"), "billablePeriod", "created"),
        _what(_("Kind"), "type", "claimType"),
        _words(_("Insurer"), "insurer", "organization", "organizationReference"),
        Column(
            title=_("Total"),
            text=lambda found: (
                words(
                    first(found, "total.amount.value", "totalCost.value", "payment.amount.value")
                ),
                words(first(found, "total.amount.currency", "totalCost.code")),
            ),
            css="num value",
        ),
        _state("status", "disposition"),
    ),
    "AuditEvent": (
        _when(_("Recorded"), "recorded", "event.dateTime"),
        _what(_("Event"), "subtype", "type", "event.type"),
        _words(_("Told"), "outcomeDesc", "event.outcomeDesc"),
        _state("outcome", "event.outcome", title=_("Outcome")),
    ),
}


def columns_for(rtypes: set[str]) -> tuple[Column, ...]:
    """The columns of a table of these types: of one its own, of several what they share."""
    if len(rtypes) == 1:
        return BY_TYPE.get(next(iter(rtypes)), OTHER)
    return MIXED
