"""Token searches (hl7.org/fhir/R4/search.html#token)."""

from __future__ import annotations

import pytest

from tests.conformance.tables import REFUSED, check, coded, observation, resource
from tests.fhirstore.fhir_client import Fhir

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"

CODED = [
    observation("loinc", status="final", code=coded(f"{LOINC}|8310-5")),
    observation("two", status="final", code=coded(f"{LOINC}|8310-5", f"{SNOMED}|386725007")),
    observation("bare", status="amended", code=coded("8310-5")),
    observation("snomed", status="amended", code=coded(f"{SNOMED}|8310-5")),
    observation("same", status="final", code=coded(f"{LOINC}|Temp", f"{SNOMED}|temp")),
    observation("comma", status="final", code=coded(f"{LOINC}|a,b", f"{LOINC}|c|d$e\\f")),
    observation("words", status="final", code={"text": "8310-5"}),
    observation("nothing", status="final"),
]
QUERIES = {
    # code: whatever the system
    "code=8310-5": "loinc two bare snomed",
    "code=TEMP": "same",
    "code=386725007": "two",
    "code=831": "",
    # system|code
    f"code={LOINC}|8310-5": "loinc two",
    f"code={SNOMED}|8310-5": "snomed",
    f"code={LOINC}|TEMP": "same",
    f"code={SNOMED}|TEMP": "same",
    f"code={LOINC}|386725007": "",  # the code and the system of one coding
    "code=HTTP://LOINC.ORG|8310-5": "",
    # |code: without a system
    "code=|8310-5": "bare",
    "code=|temp": "",
    # system|: any code
    f"code={LOINC}|": "loinc two same comma",
    f"code={SNOMED}|": "two snomed same",
    "code=http://none.example|": "",
    # or
    "code=386725007,temp": "two same",
    f"code=|8310-5,{LOINC}|Temp": "bare same",
    "code=386725007,,none": "two",
    # and
    "code=8310-5&code=386725007": "two",
    f"code={LOINC}|&code={SNOMED}|": "two same",
    "code=8310-5&status=final": "loinc two",
    # escapes
    r"code=a\,b": "comma",
    "code=a,b": "",
    r"code=c\|d\$e\\f": "comma",
    # not: the set is negated, and what has none is in it
    "code:not=8310-5": "same comma words nothing",
    f"code:not={LOINC}|8310-5": "bare snomed same comma words nothing",
    "code:not=8310-5,temp": "comma words nothing",
    "status:not=final": "bare snomed",
    "code:not=|8310-5": "loinc two snomed same comma words nothing",
    f"code:not={SNOMED}|": "loinc bare comma words nothing",
    # missing
    "code:missing=true": "nothing",
    "code:missing=false": "loinc two bare snomed same comma words",
    # what cannot be
    "code=a|b|c": REFUSED,
    "code=|": REFUSED,
    "code:exact=a": REFUSED,
    "code:odd=a": REFUSED,
    "code:missing=maybe": REFUSED,
}


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_codes(fhir: Fhir, version: str) -> None:
    check(fhir, version, "Observation", CODED, QUERIES)


PEOPLE = [
    resource(
        "Patient",
        "ann",
        active=True,
        gender="female",
        identifier=[{"system": "urn:mrn", "value": "77"}, {"value": "X-1"}],
        telecom=[{"system": "phone", "value": "555"}, {"system": "email", "value": "A@x.example"}],
    ),
    resource("Patient", "bob", active=False, gender="male", deceasedBoolean=False),
    resource("Patient", "cid", identifier=[{"system": "urn:mrn"}], deceasedBoolean=True),
    resource(
        "Patient", "dot", telecom=[{"system": "fax", "value": "555"}], deceasedDateTime="2018"
    ),
]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_what_else_is_a_token(fhir: Fhir, version: str) -> None:
    """code, boolean, Identifier, ContactPoint, and whether one is dead."""
    check(
        fhir,
        version,
        "Patient",
        PEOPLE,
        {
            "gender=FEMALE": "ann",
            "gender=female,male": "ann bob",
            "gender:not=male": "ann cid dot",
            "active=true": "ann",
            "active=false": "bob",
            "active:not=true": "bob cid dot",
            "active:missing=true": "cid dot",
            "identifier=77": "ann",
            "identifier=urn:mrn|77": "ann",
            "identifier=urn:mrn|x-1": "",
            "identifier=|x-1": "ann",
            "telecom=555": "ann dot",
            "phone=555": "ann",
            "email=a@x.example": "ann",
            "phone=a@x.example": "",
            "telecom=|555": "ann dot",
            "deceased=true": "cid dot",
            "deceased=false": "ann bob",
        },
    )


GENDER = "http://hl7.org/fhir/administrative-gender"


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_the_system_of_a_code(fhir: Fhir, version: str) -> None:
    """An element of type code has that of the value set which it is bound to."""
    people = [
        resource("Patient", "f", gender="female"),
        resource("Patient", "m", gender="male", active=True),
        resource("Patient", "x", active=True),
    ]
    check(
        fhir,
        version,
        "Patient",
        people,
        {
            f"gender={GENDER}|female": "f",
            f"gender={GENDER}|FEMALE": "f",
            f"gender={GENDER}|female,male": "f m",
            f"gender={GENDER}|other": "",
            f"gender={GENDER}|": "f m",
            f"gender:not={GENDER}|male": "f x",
            f"gender:not={GENDER}|": "x",
            f"gender={GENDER}|,unknown": "f m",
            "gender=|female": "f",
            "gender=http://example.org/gender|female": "",
            "gender=http://example.org/gender|": "",
            "gender=http://hl7.org/fhir/address-use|female": "",
            f"active={GENDER}|true": "",
        },
    )
    status = "http://hl7.org/fhir/observation-status"
    found = [observation("done", status="final"), observation("early", status="preliminary")]
    check(
        fhir,
        version,
        "Observation",
        found,
        {
            f"status={status}|final": "done",
            f"status:not={status}|final": "early",
            f"status={GENDER}|final": "",
        },
    )


def test_the_system_of_a_code_in_a_chain(fhir: Fhir) -> None:
    held = [
        resource("Patient", "f", gender="female", address=[{"use": "home", "city": "Ulm"}]),
        observation("o", subject={"reference": "Patient/f"}),
        resource("MedicationRequest", "r", intent="order", subject={"reference": "Patient/f"}),
    ]
    chain = {
        f"patient.gender={GENDER}|female": "o",
        f"patient.gender={GENDER}|male": "",
        f"patient.gender={GENDER}|": "o",
    }
    check(fhir, "r4", "Observation", held, chain)
    use = "http://hl7.org/fhir/address-use"
    uses = {f"address-use={use}|home": "f", f"address-use={use}|work": ""}
    check(fhir, "r4", "Patient", held, uses)
    intent = "http://hl7.org/fhir/CodeSystem/medicationrequest-intent"
    check(fhir, "r4", "MedicationRequest", held, {f"intent={intent}|order": "r"})
