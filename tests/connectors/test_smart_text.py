"""Pages cut into resources, references found in them, scopes and complaints: the pure parts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConnectorError, Malformed, RateLimited, ScopeMissing, Unavailable
from connectors.smart import scopes
from connectors.smart.complaint import complaint
from connectors.smart.page_text import cut, whole
from connectors.smart.references import local, wanted

BASES = ("https://h.example/fhir", "https://real.example/r4")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), max_size=4),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_every_entry_is_the_text_that_was_sent(
    resources: list[dict[str, Any]], indent: int | None, ascii_only: bool
) -> None:
    page = {"a": {"entry": [1]}, "entry": [{"resource": r} for r in resources], "z": 1}
    body = json.dumps(page, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    found = cut(body, what="x")
    assert [entry.value for entry in found.entries] == resources
    assert all(entry.text in body for entry in found.entries)
    assert [json.loads(entry.text) for entry in found.entries] == resources
    assert found.members == {"a": {"entry": [1]}, "z": 1}


@pytest.mark.parametrize("number", ["1.10", "1e3", "-0.0", "0.1000000000000000055", "1" * 40])
def test_numbers_keep_their_text(number: str) -> None:
    resource = f'{{"v": {number}}}'.encode()
    assert cut(b'{"entry":[{"resource":' + resource + b"}]}", what="x").entries[0].text == resource
    assert whole(b"\xef\xbb\xbf " + resource + b"\n", what="x").text == resource


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"{",
        b'{"a":1,}',
        b'{"a" 1}',
        b"{1:1}",
        b'{"a":1}}',
        b'{"entry":[1,]}',
        b'{"entry":[{"resource":{}]}',
        b'{"a":NaN}',
        b"\xff",
        b"<html>",
        b'{"entry":' + b"[" * 50_000,
    ],
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        cut(body, what="x")


@pytest.mark.parametrize(
    "reference, target",
    [
        ("Practitioner/1", "Practitioner/1"),
        ("Practitioner/1/_history/2", "Practitioner/1"),
        ("https://h.example/fhir/Practitioner/1", "Practitioner/1"),
        ("https://real.example/r4/Practitioner/1", "Practitioner/1"),
        ("https://h.example/fhirX/Practitioner/1", None),
        ("https://other.example/fhir/Practitioner/1", None),
        ("#p", None),
        ("urn:uuid:1", None),
        ("/Practitioner/1", None),
        ("Practitioner", None),
        ("Practitioner/", None),
        ("../admin/1", None),
        ("practitioner/1", None),
        ("", None),
    ],
)
def test_a_reference_to_the_same_server(reference: str, target: str | None) -> None:
    assert local(reference, bases=BASES) == target


def test_what_a_resource_makes_us_read() -> None:
    resource = {
        "resourceType": "DiagnosticReport",
        "subject": {"reference": "Patient/p"},
        "performer": [{"actor": {"reference": "Organization/o"}}, {"reference": "Organization/o"}],
        "contained": [{"resourceType": "Medication", "manufacturer": {"reference": "#o"}}],
        "presentedForm": [{"url": "Binary/b"}, {"url": "Binary/c", "data": "QQ=="}, {"title": "x"}],
    }
    assert wanted(resource, bases=BASES) == ["Organization/o", "Binary/b"]


@pytest.mark.parametrize(
    "scope, types",
    [
        ("", None),
        ("openid offline_access", None),
        ("patient/*.read", None),
        ("patient/*.rs patient/Goal.rs", None),
        ("patient/*.*", None),
        ("patient/Goal.read user/Condition.cruds", {"Goal", "Condition"}),
        ("patient/Goal.rs patient/Observation.rs?category=laboratory", {"Goal", "Observation"}),
        ("patient/Goal.write patient/Condition.r", set()),
        ("launch/patient patient/Goal.*", {"Goal"}),
    ],
)
def test_a_grant_limits_the_types(scope: str, types: set[str] | None) -> None:
    assert scopes.readable(scope) == types


@pytest.mark.parametrize(
    "capabilities, wildcard, ending",
    [
        ((), True, "patient/*.read"),
        (("permission-v1", "permission-v2"), True, "patient/*.read"),
        (("permission-v2",), True, "patient/*.rs"),
        ((), False, "patient/Condition.read patient/Patient.read"),
    ],
)
def test_the_scope_is_asked_in_the_servers_grammar(
    capabilities: tuple[str, ...], wildcard: bool, ending: str
) -> None:
    asked = scopes.wanted(
        types=["Patient", "Condition"], capabilities=capabilities, wildcard=wildcard
    )
    assert asked == f"launch/patient openid fhirUser offline_access {ending}"


@pytest.mark.parametrize(
    "severity, code, error",
    [
        ("warning", "forbidden", None),
        ("information", "exception", None),
        ("error", "forbidden", ScopeMissing),
        ("fatal", "throttled", RateLimited),
        ("error", "timeout", Unavailable),
        ("error", "login", Unavailable),
        ("error", "invalid", Malformed),
        ("error", None, Malformed),
    ],
)
def test_what_an_outcome_means(
    severity: str, code: str | None, error: type[ConnectorError] | None
) -> None:
    outcome = {"issue": ["odd", {"severity": severity, "code": code, "diagnostics": "Mrs. P."}]}
    found = complaint(outcome, what="Condition", now=NOW)
    assert type(found) is (error or type(None))
    assert "Mrs. P." not in str(found)
