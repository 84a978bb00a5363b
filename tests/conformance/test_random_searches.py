"""Random searches over random resources: the server and the oracle find the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.compared import compare, random_worlds, store
from tests.conformance.random_queries import Grammar, queries
from tests.conformance.random_worlds import worlds
from tests.fhirstore.fhir_client import Fhir

FEATURES = frozenset({"chain"})


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@random_worlds(15)
@given(data=st.data())
def test_searches(newcomer: Callable[[], Fhir], version: str, data: Any) -> None:
    fhir = newcomer()
    resources = data.draw(worlds(version))
    world = store(fhir, version, resources)
    grammar = Grammar(version, tuple(resources), FEATURES)
    for rtype, pairs in data.draw(st.lists(queries(grammar), min_size=8, max_size=8)):
        compare(fhir, world, rtype, pairs, count=data.draw(st.sampled_from([1, 2, 3, 1000])))
