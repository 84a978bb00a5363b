"""What a patient's record consists of, by FHIR version: the types searched, and how to split them.

Every type is first asked plainly (`Condition?patient=P`). A server that refuses this with 400 wants
a category or the like: then the type's `split` parameters are asked one after the other. Other
types are read when something refers to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OBSERVATION = (
    "laboratory",
    "vital-signs",
    "social-history",
    "survey",
    "exam",
    "imaging",
    "procedure",
    "therapy",
    "activity",
)
SDOH = (*OBSERVATION, "sdoh", "functional-status", "disability-status", "cognitive-status")
CARE_PLAN = ("assess-plan", "38717003", "734163000", "736271009", "736353004", "736378000")


@dataclass(frozen=True, kw_only=True)
class TypeQuery:
    """How one resource type is asked. `anchor` is the parameter that names the patient; `split`
    holds the parameters to ask with, one pair a query, where the plain search is refused.
    """

    rtype: str
    anchor: str = "patient"
    split: tuple[tuple[str, str], ...] = ()


def _by(name: str, *values: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for value in values)


_CORE = (
    TypeQuery(rtype="AllergyIntolerance"),
    TypeQuery(rtype="Immunization"),
    TypeQuery(rtype="Encounter"),
    TypeQuery(rtype="Procedure"),
    TypeQuery(rtype="FamilyMemberHistory"),
    TypeQuery(rtype="Goal"),
    TypeQuery(rtype="Device"),
    TypeQuery(rtype="Appointment"),
)
_REPORTS = TypeQuery(
    rtype="DiagnosticReport",
    split=_by("category", "LAB", "LP29684-5", "LP29708-2", "LP7839-6"),
)

DSTU2 = (
    TypeQuery(rtype="Condition", split=_by("category", "diagnosis", "complaint", "finding")),
    TypeQuery(rtype="Observation", split=_by("category", *OBSERVATION)),
    TypeQuery(rtype="MedicationOrder"),
    TypeQuery(rtype="MedicationStatement"),
    _REPORTS,
    TypeQuery(rtype="DocumentReference"),
    TypeQuery(rtype="CarePlan", split=_by("category", *CARE_PLAN)),
    *_CORE,
)
STU3 = (
    TypeQuery(rtype="Condition", split=_by("category", "problem-list-item", "encounter-diagnosis")),
    TypeQuery(rtype="Observation", split=_by("category", *OBSERVATION)),
    TypeQuery(rtype="MedicationRequest"),
    TypeQuery(rtype="MedicationStatement"),
    _REPORTS,
    TypeQuery(rtype="DocumentReference"),
    TypeQuery(rtype="CarePlan", split=_by("category", *CARE_PLAN)),
    TypeQuery(rtype="CareTeam"),
    TypeQuery(rtype="Coverage", anchor="beneficiary"),
    TypeQuery(rtype="ExplanationOfBenefit"),
    TypeQuery(rtype="ReferralRequest"),
    *_CORE,
)
R4 = (
    TypeQuery(
        rtype="Condition",
        split=_by("category", "problem-list-item", "encounter-diagnosis", "health-concern"),
    ),
    TypeQuery(rtype="Observation", split=_by("category", *SDOH)),
    TypeQuery(rtype="MedicationRequest", split=_by("intent", "order", "plan", "proposal")),
    TypeQuery(rtype="MedicationStatement"),
    TypeQuery(rtype="MedicationDispense"),
    _REPORTS,
    TypeQuery(rtype="DocumentReference", split=_by("category", "clinical-note")),
    TypeQuery(rtype="CarePlan", split=_by("category", *CARE_PLAN)),
    TypeQuery(rtype="CareTeam", split=_by("status", "active", "inactive", "proposed")),
    TypeQuery(rtype="ServiceRequest"),
    TypeQuery(rtype="Specimen"),
    TypeQuery(rtype="QuestionnaireResponse"),
    TypeQuery(rtype="RelatedPerson"),
    TypeQuery(rtype="Coverage"),
    TypeQuery(rtype="ExplanationOfBenefit"),
    *_CORE,
)
PLANS: Mapping[str, tuple[TypeQuery, ...]] = {"dstu2": DSTU2, "stu3": STU3, "r4": R4}

REFERENCED = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "Location", "Medication", "Binary"}
)
"""Types that belong to no patient: read by id when a resource refers to them."""
