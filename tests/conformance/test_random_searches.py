"""Random searches over random resources: the server and the oracle find the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance import random_lists
from tests.conformance.compared import compare, random_worlds, store, with_includes
from tests.conformance.random_queries import Grammar, includes, queries
from tests.conformance.random_worlds import worlds
from tests.fhirstore.fhir_client import Fhir

FEATURES = frozenset({"chain", "has", "composite", "text", "of-type", "systems", "sort"})


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@random_worlds(8)
@given(data=st.data())
def test_searches(newcomer: Callable[[], Fhir], version: str, data: Any) -> None:
    fhir = newcomer()
    resources = data.draw(worlds(version))
    world = store(fhir, version, resources)
    grammar = Grammar(version, tuple(resources), FEATURES)
    for rtype, pairs in data.draw(st.lists(queries(grammar), min_size=8, max_size=8)):
        compare(fhir, world, rtype, pairs, count=data.draw(st.sampled_from([2, 5, 1000])))


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@random_worlds(6)
@given(data=st.data())
def test_lists_value_sets_and_moments(
    newcomer: Callable[[], Fhir], version: str, data: Any
) -> None:
    fhir = newcomer()
    found = data.draw(worlds(version))
    found = [r for r in found if r["resourceType"] not in ("List", "ValueSet")]
    found += data.draw(random_lists.lists(found))
    found += data.draw(random_lists.value_sets(version))
    world = store(fhir, version, found, data.draw(random_lists.moments(len(found), fhir.now)))
    grammar = Grammar(version, tuple(found), FEATURES)
    asked = st.lists(random_lists.queries(grammar, fhir.now), min_size=8, max_size=8)
    for rtype, pairs in data.draw(asked):
        compare(fhir, world, rtype, pairs, count=data.draw(st.sampled_from([2, 5, 1000])))


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@random_worlds(6)
@given(data=st.data())
def test_what_comes_along(newcomer: Callable[[], Fhir], version: str, data: Any) -> None:
    fhir = newcomer()
    resources = data.draw(worlds(version))
    world = store(fhir, version, resources)
    grammar = Grammar(version, tuple(resources), frozenset())
    for query in data.draw(st.lists(includes(grammar), min_size=6, max_size=6)):
        told, reckoned = with_includes(fhir, world, query)
        assert told == reckoned, query
