"""Codes used by the made-up lives, each with the words a clinician would write.

They are in data/concepts.json: a key, the words, codings as `system:code`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from connectors.sandbox.hospital.data import read

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ROLE = "role"  # the address differs between FHIR versions
_SYSTEMS = {
    "snomed": SNOMED,
    "loinc": LOINC,
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "icd10": "http://hl7.org/fhir/sid/icd-10-cm",
    "cvx": "http://hl7.org/fhir/sid/cvx",
    "role": ROLE,
}


@dataclass(frozen=True)
class Concept:
    """Words, and codings as (system, code)."""

    text: str
    codings: tuple[tuple[str, str], ...] = ()


def loinc(text: str, code: str) -> Concept:
    """A LOINC concept."""
    return Concept(text, ((LOINC, code),))


@cache
def concept(key: str) -> Concept:
    """The concept of a key, `type-2-diabetes`."""
    text, *codings = _concepts()[key]
    return Concept(text, tuple(_coding(coding) for coding in codings))


def _coding(text: str) -> tuple[str, str]:
    system, _, code = text.partition(":")
    return _SYSTEMS[system], code


@cache
def _concepts() -> dict[str, list[str]]:
    found: dict[str, list[str]] = read("concepts")
    return found
