"""Resources that no source should send, and some that it should, for tests that take any."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

_TEXTS = st.one_of(
    st.sampled_from(["8867-4", "urn:x", "Patient/P1", "2020-01-01T00:00:00Z", "2020-02", "#a"]),
    st.text(st.characters(codec="utf-8"), max_size=8),
)
_REFERENCES = st.fixed_dictionaries(
    {"reference": st.sampled_from(["Patient/P1", "Encounter/1", "Device/D1", "#x", "urn:uuid:1"])}
)
_CODINGS = st.fixed_dictionaries({"system": _TEXTS, "code": _TEXTS}, optional={"display": _TEXTS})
_QUANTITIES = st.fixed_dictionaries(
    {"value": st.decimals(-1000, 1000, places=2).map(float), "unit": st.sampled_from(["mg", "kg"])}
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-9, 9), _TEXTS, _REFERENCES, _CODINGS, _QUANTITIES
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["coding", "value", "reference", "extension", "start", "contained"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
_NAMES = [
    *("status", "code", "category", "subject", "encounter", "device", "performer", "contained"),
    *("effectiveDateTime", "effectivePeriod", "valueQuantity", "valueCodeableConcept", "component"),
    *("identifier", "meta", "text", "extension", "patient", "owner", "name", "content", "period"),
]
RESOURCES = st.builds(
    lambda rtype, ident, members: {"resourceType": rtype, **ident, **members},
    st.sampled_from(["Observation", "Patient", "Device", "Encounter", "DocumentReference"]),
    st.sampled_from(["1", "2", "P1", "D1", "é", None]).map(lambda i: {"id": i} if i else {}),
    st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6),
)
