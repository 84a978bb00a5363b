"""Functional lists (hl7.org/fhir/R4/lifecycle.html#current): what is current of a patient, by the
patient's Lists where there are some, else by the status of the resources."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from tests.cast import token_pair
from tests.conformance.tables import coded, resource
from tests.fhirstore import plans
from tests.fhirstore.fhir_client import Fhir, ids

VERSIONS = ("dstu2", "stu3", "r4")
USE = "http://terminology.hl7.org/CodeSystem/list-example-use-codes"
CLINICAL = {"dstu2": "clinicalStatus", "stu3": "clinicalStatus"}


def about(patient: str) -> dict[str, Any]:
    return {"reference": f"Patient/{patient}"}


def condition(version: str, ident: str, patient: str, status: str, **more: Any) -> dict[str, Any]:
    held: Any = coded(status) if version == "r4" else status
    subject = "patient" if version == "dstu2" else "subject"
    return resource("Condition", ident, **{subject: about(patient), "clinicalStatus": held}, **more)


def allergy(version: str, ident: str, patient: str, status: str, *kinds: str) -> dict[str, Any]:
    category: Any = list(kinds)
    if version == "dstu2":
        return resource(
            "AllergyIntolerance",
            ident,
            patient=about(patient),
            status="inactive" if status == "inactive" else "confirmed",
            **({"category": kinds[0]} if kinds else {}),
        )
    held: Any = coded(status) if version == "r4" else status
    more = {"category": category} if kinds else {}
    return resource(
        "AllergyIntolerance", ident, patient=about(patient), clinicalStatus=held, **more
    )


def listing(ident: str, code: str, patient: str | None, *items: str, **more: Any) -> dict[str, Any]:
    entry = [{"item": {"reference": item}} for item in items]
    subject = {"subject": about(patient)} if patient else {}
    members = {"status": "current", "mode": "working"} | more
    return resource("List", ident, code=coded(code), entry=entry, **subject, **members)


def found(fhir: Fhir, version: str, query: str) -> str:
    bundle = fhir.get(f"/{version}/{query}&_count=50")
    assert bundle["total"] == len(bundle["entry"])
    return " ".join(sorted(ids(bundle)))


@pytest.mark.parametrize("version", VERSIONS)
def test_problems(fhir: Fhir, version: str) -> None:
    refuted: Any = coded("refuted") if version == "r4" else "refuted"
    fhir.store(
        version,
        resource("Patient", "p"),
        resource("Patient", "q"),
        condition(version, "p-active", "p", "active"),
        condition(version, "p-over", "p", "resolved"),
        condition(version, "p-refuted", "p", "active", verificationStatus=refuted),
        condition(version, "q-active", "q", "active"),
        condition(version, "q-over", "q", "resolved"),
    )
    problems = "Condition?_list=$current-problems"
    assert found(fhir, version, problems) == "p-active q-active"
    assert found(fhir, version, f"{problems}&patient=p") == "p-active"
    # A List says it otherwise, about its patient alone.
    fhir.store(version, listing("l", f"{USE}|problems", "q", "Condition/q-over"))
    assert found(fhir, version, problems) == "p-active q-over"
    assert found(fhir, version, f"{problems}&patient=Patient/q") == "q-over"
    assert found(fhir, version, f"{problems},none") == "p-active q-over"
    # What it is of has to be current and of this function.
    for changed in ({"status": "retired"}, {"mode": "changes"}, {"code": coded("problems")}):
        fhir.store(version, listing("l", f"{USE}|problems", "q", "Condition/q-over") | changed)
        assert found(fhir, version, problems) == "p-active q-active"
    fhir.store(version, listing("l", "http://loinc.org|11450-4", "q"))
    assert found(fhir, version, problems) == "p-active"
    gone = [{"deleted": True, "item": {"reference": "Condition/q-over"}}]
    fhir.store(version, {**listing("l", f"{USE}|problems", "q"), "entry": gone})
    assert found(fhir, version, problems) == "p-active"
    # Several together; one about nobody adds to the others.
    fhir.store(version, listing("m", f"{USE}|problems", "q", "Condition/q-active"))
    fhir.store(version, listing("n", f"{USE}|problems", None, "Condition/p-over"))
    assert found(fhir, version, problems) == "p-active p-over q-active"


@pytest.mark.parametrize("version", VERSIONS)
def test_medications(fhir: Fhir, version: str) -> None:
    order = "MedicationOrder" if version == "dstu2" else "MedicationRequest"
    subject = "patient" if version == "dstu2" else "subject"
    stated = "patient" if version == "dstu2" else "subject"
    intent = {} if version == "dstu2" else {"intent": "order"}
    fhir.store(
        version,
        resource("Patient", "p"),
        resource(order, "a", status="active", **{subject: about("p")}, **intent),
        resource(order, "b", status="stopped", **{subject: about("p")}, **intent),
        resource(order, "c", status="active", intent="proposal", **{subject: about("p")}),
        resource("MedicationStatement", "d", status="active", **{stated: about("p")}),
        resource("MedicationStatement", "e", status="completed", **{stated: about("p")}),
        resource("Medication", "f"),
    )
    asked = "?_list=$current-medications"
    plain = {"dstu2": "a c"}.get(version, "a")
    assert found(fhir, version, f"{order}{asked}") == plain
    assert found(fhir, version, f"MedicationStatement{asked}") == "d"
    assert found(fhir, version, f"Medication{asked}") == ""
    fhir.store(
        version,
        listing("l", f"{USE}|medications", "p", f"{order}/b", "Medication/f", "Medication/none"),
    )
    assert found(fhir, version, f"{order}{asked}") == "b"
    assert found(fhir, version, f"MedicationStatement{asked}") == ""
    assert found(fhir, version, f"Medication{asked}") == "f"
    assert found(fhir, version, f"?_type=Medication,{order}&_list=$current-medications") == "b f"


@pytest.mark.parametrize("version", VERSIONS)
def test_allergies(fhir: Fhir, version: str) -> None:
    fhir.store(
        version,
        resource("Patient", "p"),
        allergy(version, "nuts", "p", "active", "food"),
        allergy(version, "penicillin", "p", "active", "medication"),
        allergy(version, "aspirin", "p", "inactive", "medication"),
        allergy(version, "dust", "p", "active"),
    )
    path = "AllergyIntolerance?patient=p&_list="
    assert found(fhir, version, f"{path}$current-allergies") == "dust nuts penicillin"
    assert found(fhir, version, f"{path}$current-drug-allergies") == "penicillin"
    items = ("AllergyIntolerance/aspirin", "AllergyIntolerance/nuts")
    fhir.store(version, listing("l", f"{USE}|allergies", "p", *items))
    assert found(fhir, version, f"{path}$current-allergies") == "aspirin nuts"
    assert found(fhir, version, f"{path}$current-drug-allergies") == "aspirin"


def test_a_diagnosis_of_an_encounter_is_no_problem(fhir: Fhir) -> None:
    fhir.store(
        "r4",
        condition("r4", "a", "p", "active", category=[coded("encounter-diagnosis")]),
        condition("r4", "b", "p", "recurrence", category=[coded("problem-list-item")]),
        resource("Observation", "o", subject={"reference": "Patient/p"}),
    )
    assert found(fhir, "r4", "Condition?_list=$current-problems") == "b"
    assert found(fhir, "r4", "Observation?_list=$current-problems") == ""
    assert found(fhir, "r4", "Patient?_has:Condition:patient:_list=$current-problems") == ""
    fhir.store("r4", resource("Patient", "p"))
    assert found(fhir, "r4", "Patient?_has:Condition:patient:_list=$current-problems") == "p"
    assert found(fhir, "r4", "Patient/p/Condition?_list=$current-problems") == "b"


def test_unknown_functions_are_refused(fhir: Fhir) -> None:
    for name in ("$current-socks", "$", "$CURRENT-PROBLEMS"):
        told = fhir.get(f"/r4/Condition?_list={name}", expect=400)
        text = told["issue"][0]["details"]["text"]
        assert "_list" in text
        assert f"no list {name};" in text


def test_the_plans_read_the_owners_rows(fhir: Fhir) -> None:
    fhir.store(
        "r4",
        condition("r4", "a", "p", "active"),
        listing("l", f"{USE}|problems", "p", "Condition/a"),
    )
    plans.large()
    for query in ("_list=$current-problems", "_list=$current-allergies,1&patient=p"):
        plans.check(plans.asked(owner=fhir.owner, version="r4", rtype="Condition", query=query))


def test_whose_lists_count(
    newcomer: Callable[[], Fhir], dana_app: NewClient, now: datetime
) -> None:
    one, other = newcomer(), newcomer()
    for caller in (one, other):
        for patient in ("p", "q"):
            caller.store(
                "r4",
                resource("Patient", patient),
                condition("r4", f"{patient}1", patient, "active"),
                condition("r4", f"{patient}2", patient, "resolved"),
            )
    other.store("r4", listing("l", f"{USE}|problems", "p", "Condition/p2"))
    path = "Condition?_list=$current-problems"
    assert found(one, "r4", path) == "p1 q1"
    assert found(other, "r4", path) == "p2 q1"
    third = newcomer()
    other.put(f"/fhir/r4/Patient/p/_permission/{third.owner}", None)
    assert found(third, "r4", path) == "p2"
    server = Fhir("", 0, now)
    server.headers = {
        "client-id": dana_app.client_id,
        "client-secret": dana_app.client_secret,
        "x-oneup-user-id": "client",
    }
    assert found(server, "r4", path) == "p1 p2 q1 q1"


def test_a_list_that_a_token_does_not_see_says_nothing(
    dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    def narrow(scope: str) -> Fhir:
        return Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)

    Fhir("", alice.pk, now).store(
        "r4",
        resource("Patient", "p"),
        condition("r4", "a", "p", "active"),
        condition("r4", "b", "p", "resolved"),
        listing("l", f"{USE}|problems", "p", "Condition/b"),
    )
    path = "Condition?_list=$current-problems"
    assert found(narrow("user/*.rs"), "r4", path) == "b"
    assert found(narrow("user/Condition.rs"), "r4", path) == "a"
