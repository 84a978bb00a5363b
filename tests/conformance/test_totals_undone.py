"""A total counted within a transaction that failed is not remembered."""

from __future__ import annotations

from datetime import datetime

from accounts.models import AppUser
from tests.fhirstore.fhir_client import Fhir


def test_a_total_of_a_failed_transaction_is_forgotten(
    alice: AppUser, alice_token: str, now: datetime
) -> None:
    fhir = Fhir(alice_token, alice.pk, now)
    patient = {"resourceType": "Patient"}
    made = [{"resource": patient, "request": {"method": "POST", "url": "Patient"}}] * 3
    asked = [{"request": {"method": "GET", "url": url}} for url in ("Patient", "Patient/none")]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [*made, *asked]}
    fhir.post("/fhir/r4", bundle, expect=404)
    other = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    one = fhir.post("/fhir/r4/Observation", other, expect=201)
    where = f"/fhir/r4/Observation/{one['id']}"
    fhir.put(where, one, if_match="*")
    fhir.delete(where)
    # Now the owner is at the number of change that the transaction's search was answered at.
    assert fhir.get("/fhir/r4/Patient")["total"] == 0
