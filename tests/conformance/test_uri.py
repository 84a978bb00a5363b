"""Uri searches (hl7.org/fhir/R4/search.html#uri)."""

from __future__ import annotations

import pytest

from tests.conformance.tables import REFUSED, check, resource
from tests.fhirstore.fhir_client import Fhir

SETS = [
    resource("ValueSet", "root", url="http://acme.example/fhir"),
    resource("ValueSet", "one", url="http://acme.example/fhir/ValueSet/1"),
    resource("ValueSet", "two", url="http://acme.example/fhir/ValueSet/1/part"),
    resource("ValueSet", "upper", url="http://acme.example/fhir/valueset/1"),
    resource("ValueSet", "oid", url="urn:oid:1.2.3"),
    resource("ValueSet", "none"),
]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_uris(fhir: Fhir, version: str) -> None:
    check(
        fhir,
        version,
        "ValueSet",
        SETS,
        {
            "url=http://acme.example/fhir/ValueSet/1": "one",
            "url=http://acme.example/fhir/valueset/1": "upper",
            "url=http://acme.example/fhir/ValueSet": "",
            "url=urn:oid:1.2.3": "oid",
            "url=urn:oid:1.2.3,http://acme.example/fhir": "oid root",
            "url:below=http://acme.example/fhir/": "one two upper",
            "url:below=http://acme.example/fhir/ValueSet/1": "one two",
            "url:above=http://acme.example/fhir/ValueSet/1/part/2": "root one two",
            "url:above=http://acme.example/fhir/ValueSet/1": "root one",
            "url:missing=true": "none",
            "url:exact=urn:oid:1.2.3": REFUSED,
        },
    )
