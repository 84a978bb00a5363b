"""Interactions as tables (hl7.org/fhir/R4/http.html): a call, its headers, and the status it gives.
Each table runs in order, on the same store."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir

PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female"}
WRONG_TYPE = {"resourceType": "Organization", "id": "p", "name": "x"}
MRN = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "1"}]}
Row = tuple[str, str, Any, dict[str, str], int]

READS: list[Row] = [
    ("GET", "Patient/p", None, {}, 404),
    ("GET", "Nonsense/p", None, {}, 404),
    ("PUT", "Patient/p", PATIENT, {}, 201),
    ("GET", "Patient/p", None, {}, 200),
    ("GET", "patient/p", None, {}, 200),
    ("GET", "Patient/p", None, {"if_none_match": 'W/"9000000000000"'}, 304),
    ("GET", "Patient/p", None, {"if_none_match": 'W/"8"'}, 200),
    ("GET", "Patient/p", None, {"if_modified_since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 304),
    ("GET", "Patient/p", None, {"if_modified_since": "Fri, 01 Jan 2010 00:00:00 GMT"}, 200),
    ("HEAD", "Patient/p", None, {}, 200),
    ("GET", "Patient/p/_history/9000000000000", None, {}, 200),
    ("GET", "Patient/p/_history/9000000000001", None, {}, 404),
    ("GET", "Patient/p/_history/x", None, {}, 404),
    ("GET", "Patient/p/_history", None, {}, 200),
    ("GET", "Patient/_history", None, {}, 200),
    ("GET", "_history", None, {}, 200),
    ("GET", "Patient/q/_history", None, {}, 404),
    ("GET", "Patient/p/_history?_since=yesterday", None, {}, 400),
    ("DELETE", "Patient/p", None, {}, 200),
    ("GET", "Patient/p", None, {}, 410),
    ("GET", "Patient/p/_history/9000000000000", None, {}, 200),
    ("GET", "Patient/p/_history", None, {}, 200),
]
WRITES: list[Row] = [
    ("POST", "Patient", WRONG_TYPE, {}, 400),
    ("POST", "Patient", [], {}, 400),
    ("POST", "Patient", b"{", {}, 400),
    ("PUT", "Patient/q", PATIENT, {}, 400),
    ("PUT", "Patient/p", PATIENT, {"if_match": 'W/"1"'}, 412),
    ("PUT", "Patient/p", PATIENT, {}, 201),
    ("PUT", "Patient/p", {**PATIENT, "gender": "male"}, {}, 200),
    ("PUT", "Patient/p", PATIENT, {"if_match": 'W/"9000000000000"'}, 412),
    ("PUT", "Patient/p", PATIENT, {"if_match": "what"}, 400),
    ("PUT", "Patient/p", PATIENT, {"if_match": 'W/"9000000000001"'}, 200),
    ("PUT", "Patient/p", {**PATIENT, "gender": "odd"}, {}, 422),
    ("PUT", "Patient/p", {**PATIENT, "birthDate": "soon"}, {}, 422),
    ("PUT", "Patient/p", {**PATIENT, "odd": 1}, {}, 422),
    ("DELETE", "Patient/p", None, {}, 200),
    ("DELETE", "Patient/unknown", None, {}, 404),
    ("PUT", "Patient/p", PATIENT, {}, 201),
    ("GET", "Patient/p", None, {}, 200),
]
CONDITIONS: list[Row] = [
    ("POST", "Patient", MRN, {"if_none_exist": "identifier=urn:mrn|1"}, 201),
    ("POST", "Patient", MRN, {"if_none_exist": "identifier=urn:mrn|1"}, 200),
    ("PUT", "Patient?identifier=urn:mrn|1", MRN, {}, 200),
    ("PUT", "Patient?identifier=urn:mrn|2", {**MRN, "gender": "male"}, {}, 201),
    ("POST", "Patient", MRN, {}, 201),
    ("POST", "Patient", MRN, {"if_none_exist": "identifier=urn:mrn|1"}, 412),
    ("PUT", "Patient?identifier=urn:mrn|1", MRN, {}, 412),
    ("DELETE", "Patient?identifier=urn:mrn|1", None, {}, 412),
    ("DELETE", "Patient?gender=male", None, {}, 200),
    ("PUT", "Patient?odd=1", MRN, {}, 400),
    ("POST", "Patient", MRN, {"if_none_exist": "birthdate=abc"}, 400),
]
JSON_PATCH = {"content_type": "application/json-patch+json"}
OPERATIONS = b'[{"op": "replace", "path": "/gender", "value": "male"}]'
PATCHES: list[Row] = [
    ("PATCH", "Patient/p", OPERATIONS, JSON_PATCH, 404),
    ("PUT", "Patient/p", PATIENT, {}, 201),
    ("PATCH", "Patient/p", OPERATIONS, JSON_PATCH, 200),
    ("PATCH", "Patient/p", b'[{"op": "test", "path": "/gender", "value": "x"}]', JSON_PATCH, 422),
    ("PATCH", "Patient/p", b'[{"op": "remove", "path": "/birthDate"}]', JSON_PATCH, 422),
    ("PATCH", "Patient/p", b'[{"op": "odd", "path": "/gender"}]', JSON_PATCH, 400),
    ("PATCH", "Patient/p", b'[{"op": "add", "path": "/odd", "value": 1}]', JSON_PATCH, 422),
    ("PATCH", "Patient/p", b"{", JSON_PATCH, 400),
    ("PATCH", "Patient/p", OPERATIONS, {**JSON_PATCH, "if_match": 'W/"1"'}, 412),
    ("PATCH", "Patient/p", OPERATIONS, {"content_type": "text/plain"}, 415),
    ("PATCH", "Patient?gender=male", OPERATIONS, JSON_PATCH, 200),
]
TABLES = {"reads": READS, "writes": WRITES, "conditions": CONDITIONS, "patches": PATCHES}


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize("table", TABLES)
def test_statuses(fhir: Fhir, version: str, table: str) -> None:
    wrong = []
    for method, path, body, headers, status in TABLES[table]:
        if status == 201 and version != "r4":  # created is 200 there (wire contract 12.7)
            status = 200
        answer = fhir.call(method, f"/{version}/{path}", body, expect=None, **headers)
        told = fhir.last.status_code
        if told != status:
            wrong.append((method, path, body, headers, told, status, answer))
        elif status >= 400:
            assert answer["resourceType"] == "OperationOutcome"
            assert answer["issue"][0]["severity"] == "error"
    assert not wrong, wrong
