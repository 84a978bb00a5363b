"""Bad input of any kind never gives a 5xx, and always an answer in JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirstore.search.definitions import parameters
from tests.fhirstore.fhir_client import Fhir, observation

FUZZ = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
VERSION = st.sampled_from(["dstu2", "stu3", "r4"])
TYPE = st.sampled_from(["Observation", "Patient", "Encounter", "ValueSet", "Medication"])
NAMES = sorted(
    {name for rtype in ("Observation", "Patient", "Encounter") for name in parameters("r4", rtype)}
)
CONTROLS = [
    "_id",
    "_lastUpdated",
    "_count",
    "_skip",
    "_offset",
    "_afterid",
    "_after",
    "_sort",
    "_summary",
    "_tag",
    "_security",
    "_profile",
    "_source",
    "_format",
    "_type",
    "_since",
    "start",
    "end",
]
MODIFIERS = [
    "",
    ":not",
    ":exact",
    ":contains",
    ":missing",
    ":identifier",
    ":Patient",
    ":x",
    ":below",
]
VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "|",
            "a|",
            "|b",
            "a|b|c",
            "\\",
            "a\\,b",
            ",",
            "gt",
            "ge2026",
            "2026-02-30",
            "9999",
            "0001",
            "ap9999-12-31",
            "lt0001-01-01",
            "-0",
            "1e307",
            "1e-320",
            "5|s|c",
            "true",
            "Patient/",
            "/",
            "//",
            "http://",
            "\x00",
            "\ud800",
            "٣",
            "-date",
            "W10",
            "e30=",
            "99999999999999999999",
        ]
    ),
)


@FUZZ
@given(
    version=VERSION,
    rtype=TYPE,
    pairs=st.lists(
        st.tuples(st.sampled_from(NAMES + CONTROLS), st.sampled_from(MODIFIERS), VALUES),
        max_size=4,
    ),
    prefer=st.sampled_from(["", "handling=strict", "handling=lenient"]),
)
def test_searches(
    fhir: Fhir, version: str, rtype: str, pairs: list[tuple[str, str, str]], prefer: str
) -> None:
    query = urlencode([(n + m, v) for n, m, v in pairs], errors="surrogatepass")
    answer = fhir.get(f"/{version}/{rtype}?{query}", prefer=prefer, expect=None)
    assert fhir.last.status_code < 500, query
    assert answer["resourceType"] in ("Bundle", "OperationOutcome")
    if answer["resourceType"] == "Bundle":
        assert isinstance(answer["entry"], list)
    fhir.get(f"/{version}/Patient/p/$everything?{query}", expect=None)
    assert fhir.last.status_code < 500, query


@FUZZ
@given(version=VERSION, parts=st.lists(st.text(max_size=10), max_size=5), query=st.text(max_size=9))
def test_addresses(fhir: Fhir, version: str, parts: list[str], query: str) -> None:
    path = "/".join(quote(part.encode("utf-8", "surrogatepass"), safe="") for part in parts)
    for method in ("GET", "DELETE"):
        fhir.call(method, f"/{version}/Patient/{path}?{quote(query)}", expect=None)
        assert fhir.last.status_code < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=6), children, max_size=3)
    ),
    max_leaves=8,
)
ELEMENTS = [
    "id",
    "meta",
    "text",
    "contained",
    "identifier",
    "status",
    "category",
    "code",
    "subject",
    "effectiveDateTime",
    "effectivePeriod",
    "valueQuantity",
    "component",
    "name",
    "telecom",
    "address",
    "birthDate",
    "active",
    "deceasedBoolean",
    "extension",
    "entry",
    "link",
]


@FUZZ
@given(
    version=VERSION,
    rtype=st.sampled_from(["Observation", "Patient", "Bundle"]),
    members=st.dictionaries(st.sampled_from(ELEMENTS), JSON, max_size=6),
    path=st.sampled_from(["{type}", "{type}/x", ""]),
)
def test_bodies(fhir: Fhir, version: str, rtype: str, members: dict[str, Any], path: str) -> None:
    body = {"resourceType": rtype, **members}
    where = f"/{version}/{path.format(type=rtype)}".rstrip("/")
    method = "PUT" if path.endswith("/x") else "POST"
    fhir.call(method, where, body, expect=None)
    assert fhir.last.status_code < 500, body
    fhir.get(f"/{version}/{rtype}")


@FUZZ
@given(
    version=VERSION,
    kind=st.sampled_from(["batch", "transaction", "collection"]),
    entries=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "request": st.fixed_dictionaries(
                    {},
                    optional={
                        "method": st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH", "x"]),
                        "url": st.sampled_from(
                            [
                                "Patient",
                                "Patient/1",
                                "",
                                "/",
                                "Patient?name=x",
                                "Observation/1",
                                "http://x/Patient/1",
                                "Patient/\x00",
                                "Patient/1/_history/x",
                                "Bundle",
                                "Patient/1/$everything",
                                "Observation/_search",
                                "Observation?date=x",
                            ]
                        ),
                        "ifMatch": st.text(max_size=3),
                    },
                ),
                "fullUrl": st.sampled_from(["urn:uuid:1", "urn:uuid:2", ""]),
                "resource": JSON
                | st.fixed_dictionaries(
                    {"resourceType": st.sampled_from(["Patient", "Observation", "x"])},
                    optional={
                        "id": st.sampled_from(["1", "2", "bad_id", "\x00"]),
                        "subject": st.fixed_dictionaries({"reference": st.just("urn:uuid:1")}),
                    },
                ),
            },
        ),
        max_size=4,
    ),
)
def test_bundles(fhir: Fhir, version: str, kind: str, entries: list[Any]) -> None:
    body = {"resourceType": "Bundle", "type": kind, "entry": entries}
    fhir.post(f"/{version}", body, expect=None)
    assert fhir.last.status_code < 500, body


@pytest.mark.parametrize(
    "query", ["%zz", "%", "a=%ff", "=", "&&&", "?", "code=a&code", "%00=1", "x" * 3000]
)
def test_odd_queries(fhir: Fhir, query: str) -> None:
    fhir.store("r4", *(observation(f"o{n}") for n in range(11)))
    bundle = fhir.get(f"/r4/Observation?{query}", expect=None)
    assert fhir.last.status_code in (200, 400)
    assert bundle["resourceType"] in ("Bundle", "OperationOutcome")
