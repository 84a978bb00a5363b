"""A search asked of the server and of the oracle."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus, urlencode

from django.conf import settings as django
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings

from fhirstore import digits
from fhirstore.writes import put_many
from tests.conformance.oracle.search import included, search, ties
from tests.conformance.oracle.world import World, name_of
from tests.conformance.texts import text_of
from tests.fhirstore.fhir_client import Fhir, ids, link

MAIN_DATES = ("date", "authoredon", "datewritten", "onset-date", "date-recorded", "recorded")
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "0"))
"""How many random worlds a comparison tries; 0: a few, the same each time."""


def random_worlds(few: int) -> settings:
    """Hypothesis' settings for a comparison: `few` examples, or what ORACLE_EXAMPLES says."""
    return settings(
        max_examples=EXAMPLES or few,
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        # Making a failing world smaller takes minutes: only where time was asked for.
        phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
        print_blob=bool(EXAMPLES),
        suppress_health_check=list(HealthCheck),
    )


def store(
    fhir: Fhir, version: str, resources: list[dict[str, Any]], at: list[datetime] | None = None
) -> World:
    """Put the resources in the user's store, all now or each `at` a moment; the world that the
    oracle looks at."""
    read = [digits.loads(text_of(r).encode()) for r in resources]
    if at is None:
        fhir.store(version, *read)
    for resource, moment in zip(read, at or (), strict=False):
        put_many(owner=fhir.owner, version=version, resources=[resource], now=moment)
    return world_of(version, resources, fhir.now, at)


def world_of(
    version: str,
    resources: list[dict[str, Any]],
    now: datetime,
    at: list[datetime] | None = None,
) -> World:
    """What the oracle sees of resources stored at an instant, or each at its own."""
    base = django.PUBLIC_BASE_URL
    moments = [m.replace(microsecond=m.microsecond // 1000 * 1000) for m in at or ()]
    stamped = [
        {**r, "meta": {**r.get("meta", {}), "lastUpdated": moment.isoformat()}}
        for r, moment in zip(resources, moments or [now] * len(resources), strict=True)
    ]
    bases = (f"{base}/fhir/{version}/", f"{base}/{version}/")
    return World(version=version, resources=tuple(stamped), now=now, bases=bases)


def everything(fhir: Fhir, path: str) -> tuple[list[str], set[int]]:
    """The ids on all pages of a search, in order, and the totals they told."""
    found: list[str] = []
    totals: set[int] = set()
    following: str | None = path
    while following:
        with transaction.atomic():  # a failed statement spoils no more than this
            bundle = fhir.get(following, expect=None)
            transaction.set_rollback(fhir.last.status_code >= 500)
        assert fhir.last.status_code == 200, (following, fhir.last.content)
        totals.add(bundle["total"])
        found += ids(bundle)
        following = link(bundle, "next")
    return found, totals


def compare(
    fhir: Fhir, world: World, rtype: str, pairs: list[tuple[str, str]], count: int = 1000
) -> None:
    """The server's pages are the oracle's matches, in the same order, with its number as total.

    The order of a type's main date alone leaves open how equal ones follow each other."""
    matches = search(world, rtype, pairs).matches
    wanted = [r["id"] for r in matches]
    query = urlencode([*pairs, ("_count", str(count))])
    found, totals = everything(fhir, f"/{world.version}/{rtype}?{query}")
    asked = unquote_plus(f"{rtype}?{query}")
    sort = dict(pairs).get("_sort", "")
    if sort.removeprefix("-") in MAIN_DATES and sorted(found) == sorted(wanted):
        at = 0
        for group in ties(world, rtype, matches, sort):
            assert set(found[at : at + len(group)]) == group, f"{asked}: {found} for {wanted}"
            at += len(group)
        wanted = found
    assert found == wanted, f"{asked}: the server found {found}, the oracle {wanted}"
    assert totals == {len(wanted)}, f"{asked}: totals {totals} for {len(wanted)}"


def with_includes(fhir: Fhir, world: World, query: str) -> tuple[list[str], list[str]]:
    """What comes along with the first page of `Type?...`, as the server and as the oracle say;
    matches are told by `search.mode` and counted alone."""
    rtype, _, rest = query.partition("?")
    pairs = [(pair.partition("=")[0], pair.partition("=")[2]) for pair in rest.split("&")]
    bundle = fhir.get(f"/{world.version}/{rtype}?{urlencode(pairs)}")
    found: dict[str, list[str]] = {"match": [], "include": []}
    for entry in bundle["entry"]:
        found[entry["search"]["mode"]].append(name_of(entry["resource"]))
    matches = search(world, rtype, pairs).matches
    page = matches[: len(found["match"])]
    assert found["match"] == [name_of(r) for r in page], query
    assert bundle["total"] == len(matches), query
    return sorted(found["include"]), [name_of(r) for r in included(world, page, pairs)]
