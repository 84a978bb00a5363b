"""Addresses, formats and metadata of the FHIR API (wire contract 2, 4, 12.7)."""

from __future__ import annotations

import pytest

from fhirstore.search.definitions import parameters, types
from tests.fhirstore.fhir_client import Fhir

VERSIONS = ("dstu2", "stu3", "r4")


@pytest.mark.parametrize("prefix", ["/fhir", ""])
@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/.well-known/smart-configuration", 404),
        ("GET", "/Patient/1/nothing/here", 404),
        ("GET", "/Patient/1/_permission/2", 405),
        ("GET", "/Patient/$match", 404),
        ("GET", "/Observation/1/$everything", 404),
        ("PATCH", "/Patient/1/_history/1", 405),
        ("DELETE", "/Patient/_search", 405),
        ("PUT", "/Observation/$lastn", 405),
        ("GET", "/purge", 405),
        ("DELETE", "/metadata", 405),
        ("OPTIONS", "/Patient", 405),
    ],
)
def test_what_is_not_there_gets_an_outcome(
    fhir: Fhir, prefix: str, method: str, path: str, status: int
) -> None:
    answer = fhir.call(method, f"{prefix}/r4{path}", expect=status)
    assert answer["resourceType"] == "OperationOutcome"
    if status == 405:
        assert fhir.last.headers["Allow"]


@pytest.mark.parametrize(
    "version, accept, wanted, status, kind",
    [
        ("r4", "", "", 200, "application/json; charset=utf-8"),
        ("r4", "application/json", "", 200, "application/json; charset=utf-8"),
        ("r4", "application/fhir+json", "", 200, "application/fhir+json; charset=utf-8"),
        ("dstu2", "text/html, application/fhir+json", "", 200, "application/fhir+json"),
        ("r4", "application/fhir+xml", "", 406, "application/json"),
        ("r4", "application/xml,*/*;q=0.1", "", 200, "application/json"),
        ("r4", "application/xml", "json", 200, "application/json"),
        ("r4", "", "xml", 406, "application/json"),
        ("r4", "", "application/fhir+xml", 406, "application/json"),
        ("r4", "", "application/fhir%2Bjson", 200, "application/fhir+json"),
        ("dstu2", "application/xml", "xml", 200, "application/json"),
        ("stu3", "application/fhir+xml", "", 200, "application/json"),
    ],
)
def test_formats(
    fhir: Fhir, version: str, accept: str, wanted: str, status: int, kind: str
) -> None:
    query = f"?_format={wanted}" if wanted else ""
    answer = fhir.get(f"/{version}/Patient{query}", accept=accept, expect=status)
    assert fhir.last.headers["Content-Type"].startswith(kind)
    assert answer["resourceType"] == ("Bundle" if status == 200 else "OperationOutcome")


@pytest.mark.parametrize("version", VERSIONS)
def test_metadata_needs_no_credentials_and_names_every_type(fhir: Fhir, version: str) -> None:
    fhir.headers = {}
    told = fhir.get(f"/fhir/{version}/metadata")
    assert told["resourceType"] == ("Conformance" if version == "dstu2" else "CapabilityStatement")
    numbers = {"dstu2": "1.0.2", "stu3": "3.0.2", "r4": "4.0.1"}
    assert (told["kind"], told["fhirVersion"]) == ("instance", numbers[version])
    assert told["publisher"] == told["software"]["name"] == "Careweave"
    (rest,) = told["rest"]
    assert {resource["type"] for resource in rest["resource"]} == set(types(version))
    least = {"read", "vread", "update", "delete", "history-instance", "create", "search-type"}
    for resource in rest["resource"]:
        assert least <= {i["code"] for i in resource["interaction"]}
    assert "extension" not in rest["security"]
    assert fhir.get(f"/{version}")["resourceType"] == told["resourceType"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_parameter_that_metadata_names_can_be_searched_by(fhir: Fhir, version: str) -> None:
    values = {"date": "2026", "number": "5", "quantity": "5", "uri": "urn:x"}
    known = {t: parameters(version, t) for t in types(version)}
    (rest,) = fhir.get(f"/{version}/metadata")["rest"]
    wanted = ("Patient", "Observation", "Condition", "Encounter", "Medication", "Practitioner")
    for resource in rest["resource"]:
        if resource["type"] not in wanted:
            continue
        for parameter in resource["searchParam"]:
            there = known[resource["type"]].get(parameter["name"])
            kinds = [part.type for part in there.parts] if there else []
            value = "$".join(values.get(kind, "x") for kind in kinds or [parameter["type"]])
            path = f"/{version}/{resource['type']}?{parameter['name']}={value}"
            assert fhir.get(path, prefer="handling=strict")["total"] == 0, path


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_options_of_the_base_tell_what_there_is(fhir: Fhir, version: str) -> None:
    assert fhir.call("OPTIONS", f"/fhir/{version}") == fhir.get(f"/fhir/{version}/metadata")


def test_operations_are_not_taken_for_ids(fhir: Fhir) -> None:
    for path, said in (
        ("Patient/$everything", "Patient/{id}/$everything"),
        ("Patient/%24everything", "Patient/{id}/$everything"),
        ("Patient/$match", "$match is no operation"),
    ):
        answer = fhir.get(f"/r4/{path}", expect=404)
        assert said in answer["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "version, code", [("dstu2", "not-found"), ("stu3", "not-found"), ("r4", "deleted")]
)
def test_what_was_deleted_has_the_code_of_its_version(fhir: Fhir, version: str, code: str) -> None:
    fhir.store(version, {"resourceType": "Patient", "id": "p"})
    fhir.delete(f"/{version}/Patient/p")
    assert fhir.get(f"/{version}/Patient/p", expect=410)["issue"][0]["code"] == code
