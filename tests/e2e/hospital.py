"""The sandbox hospital read as an app would that talks to it directly: what must arrive in
Careweave is measured against this."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.contract.browser import Browser

Record = dict[str, dict[str, dict[str, Any]]]

CLIENT = ("careweave-sandbox", "sandbox-secret")
BACK = "http://127.0.0.1:1/back"
PASSWORDS = {"fhirjason": "epicepic1"}
BY_PATIENT = (
    "Observation",
    "Condition",
    "AllergyIntolerance",
    "Encounter",
    "Immunization",
    "MedicationOrder",
    "MedicationStatement",
    "Procedure",
    "DiagnosticReport",
    "DocumentReference",
)


def hospital_record(hospital: str, account: str) -> Record:
    """Type → id at the hospital → resource, of the account's patient. `hospital` is the base of its
    FHIR and OAuth addresses."""
    token = _sign_in(hospital, account)
    session = requests.Session()
    session.trust_env = False
    session.headers.update(
        {"Authorization": f"Bearer {token['access_token']}", "Accept": "application/json"}
    )
    patient = token["patient"]
    base = f"{hospital}/fhir"
    answer = session.get(f"{base}/Patient/{patient}", timeout=20)
    answer.raise_for_status()
    record: Record = {"Patient": {patient: answer.json()}}
    for rtype in BY_PATIENT:
        record[rtype] = {}
        url: str | None = f"{base}/{rtype}?{urlencode({'patient': patient, '_count': 100})}"
        while url:
            page = session.get(url, timeout=20)
            page.raise_for_status()
            bundle = page.json()
            for entry in bundle.get("entry", ()):
                resource = entry["resource"]
                if resource["resourceType"] == rtype:
                    record[rtype][resource["id"]] = resource
            links = bundle.get("link", ())
            url = next((link["url"] for link in links if link["relation"] == "next"), None)
    return record


def _sign_in(hospital: str, account: str) -> dict[str, Any]:
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": CLIENT[0],
        "redirect_uri": BACK,
        "scope": "launch/patient patient/*.read",
        "state": "s",
        "aud": f"{hospital}/fhir",
        "code_challenge": urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    browser = Browser(stop_at=BACK)
    browser.open(f"{hospital}/oauth/authorize?{urlencode(query)}")
    browser.sign_in(account, PASSWORDS[account])
    answer = requests.post(
        f"{hospital}/oauth/token",
        data={
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(browser.url).query)["code"][0],
            "redirect_uri": BACK,
            "code_verifier": verifier,
        },
        auth=CLIENT,
        timeout=20,
    )
    answer.raise_for_status()
    return dict(answer.json())
