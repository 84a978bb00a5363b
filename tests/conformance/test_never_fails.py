"""Whatever is sent, the answer is an answer: never a 5xx, always JSON that FHIR knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.compared import random_worlds, store
from tests.conformance.oracle.parameters import PARAMETERS
from tests.conformance.random_worlds import worlds
from tests.fhirstore.fhir_client import Fhir

CONTROLS = [
    "_id",
    "_lastUpdated",
    "_tag",
    "_profile",
    "_security",
    "_source",
    "_text",
    "_content",
    "_list",
    "_type",
    "_has",
    "_sort",
    "_count",
    "_total",
    "_summary",
    "_elements",
    "_contained",
    "_containedType",
    "_include",
    "_revinclude",
    "_skip",
    "_offset",
    "_after",
    "_afterid",
    "_format",
    "_pretty",
    "_explain",
    "_filter",
    "_query",
    "_since",
    "_at",
    "_score",
]
MODIFIERS = [
    "missing",
    "exact",
    "contains",
    "text",
    "not",
    "in",
    "not-in",
    "above",
    "below",
    "of-type",
    "identifier",
    "iterate",
    "Patient",
    "Observation",
    "odd",
    "asc",
    "desc",
]
PIECES = [
    *("", "a", "|", "||", "|a", "a|", "a|b|c", "\\", "\\,", ",", "$", "a$b", "a$b$c", "$$"),
    *("true", "false", "0", "-1", "1e400", "1e-400", "NaN", "5.4||mg", "5|http://x|[degF]", "ap0"),
    *("2018", "ge2018-02-30", "9999-12-31T23:59:60Z", "0000", "gt", "2018-05-01T10:00:00 02:00"),
    *("Patient/1", "Patient/", "/Patient", "https://x/Patient/1", "#a", "urn:uuid:1", "*", "*:*"),
    *("Observation:subject", "Observation:*", "Patient:link:Patient", "Observation:subject:", ":"),
    *("-date", "--date", "date,-date,_id", "status:asc", "count", "estimate", "data", "current"),
    *("$current-problems", "ValueSet/1", "http://loinc.org|", "%", "\ud800", "\x00", "é", "𝕏" * 9),
]
STEP = st.sampled_from(sorted({c for t in PARAMETERS["r4"].values() for c in t}) + CONTROLS)
NAMES = st.one_of(
    STEP,
    st.builds("{}:{}".format, STEP, st.sampled_from(MODIFIERS)),
    st.builds("{}.{}".format, STEP, STEP),
    st.builds("{}:{}.{}".format, STEP, st.sampled_from(MODIFIERS), STEP),
    st.builds("_has:{}:{}:{}".format, st.sampled_from(["Observation", "x", ""]), STEP, STEP),
    st.text(max_size=6),
)
VALUES = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), min_size=1, max_size=3).map(
    ",".join
)
PLACES = [
    *("Observation", "Patient", "Observation/_search", "", "_search", "Patient/1/Observation"),
    *("Patient/1/*", "Encounter/1/Observation", "Patient/1/$everything", "Observation/$lastn"),
    *(
        "DocumentReference/$docref",
        "_history",
        "Patient/_history",
        "Patient/1/_history",
        "Patient/1",
    ),
    *("Patient/$validate", "ValueSet", "List", "Nonsense"),
]


def _told(fhir: Fhir, answer: Any) -> None:
    assert fhir.last.status_code < 500, fhir.last.content
    if fhir.last.status_code >= 400:
        assert answer["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@random_worlds(6)
@given(data=st.data())
def test_queries(newcomer: Callable[[], Fhir], version: str, data: Any) -> None:
    fhir = newcomer()
    store(fhir, version, data.draw(worlds(version)))
    for _ in range(15):
        pairs = data.draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
        query = urlencode(pairs, errors="surrogatepass")
        place = data.draw(st.sampled_from(PLACES))
        prefer = data.draw(st.sampled_from(["", "handling=strict", "return=minimal"]))
        method = "POST" if place.endswith("_search") else "GET"
        _told(
            fhir,
            fhir.call(method, f"/{version}/{place}?{query}", expect=None, prefer=prefer),
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
MEMBERS = [
    "id",
    "meta",
    "text",
    "contained",
    "extension",
    "identifier",
    "status",
    "category",
    "code",
    "subject",
    "name",
    "telecom",
    "link",
    "effectiveDateTime",
    "valueQuantity",
    "component",
    "birthDate",
    "active",
    "deceasedBoolean",
    "type",
    "parameter",
    "entry",
    "_birthDate",
    "resourceType",
]
BODIES = st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=5)
CALLS = [
    *(("POST", "Patient"), ("PUT", "Patient/1"), ("POST", ""), ("POST", "Patient/$validate")),
    *(("PATCH", "Patient/1"), ("PUT", "Patient?name=x"), ("POST", "Observation/_search")),
    *(("DELETE", "Patient?name=x"), ("POST", "Observation/$lastn"), ("POST", "Nonsense")),
]
KINDS = ["application/json", "application/fhir+json", "application/json-patch+json", "text/xml", ""]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@random_worlds(6)
@given(data=st.data())
def test_bodies(newcomer: Callable[[], Fhir], version: str, data: Any) -> None:
    fhir = newcomer()
    fhir.store(version, {"resourceType": "Patient", "id": "1"})
    for _ in range(12):
        method, place = data.draw(st.sampled_from(CALLS))
        rtype = data.draw(st.sampled_from(["Patient", "Bundle", "Parameters", "Observation", "x"]))
        body: Any = {"resourceType": rtype, **data.draw(BODIES)}
        if data.draw(st.integers(0, 3)) == 3:
            operation = st.fixed_dictionaries(
                {
                    "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
                    "path": st.sampled_from(["/", "", "/gender", "/name/0/-", "/id", "/x/y"]),
                },
                optional={"value": JSON, "from": st.sampled_from(["/gender", "/odd", "x"])},
            )
            body = data.draw(JSON | st.lists(operation, max_size=3))
        kind = data.draw(st.sampled_from(KINDS))
        answer = fhir.call(
            method, f"/{version}/{quote(place, safe='/?=$')}", body, expect=None, content_type=kind
        )
        _told(fhir, answer)
