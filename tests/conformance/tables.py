"""Tables of searches: a query, and which of a few resources it finds. The oracle has to agree with
the table too, so a wrong table or a wrong oracle shows as much as a wrong server."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.conformance.compared import store
from tests.conformance.oracle.escapes import Unreadable
from tests.conformance.oracle.search import Pair, search
from tests.conformance.oracle.world import World
from tests.fhirstore import plans
from tests.fhirstore.fhir_client import Fhir, ids

REFUSED = "400"
"""In place of ids: the server has to refuse the query, naming the parameter."""


def resource(rtype: str, ident: str, **members: Any) -> dict[str, Any]:
    """A resource with these members."""
    return {"resourceType": rtype, "id": ident, **members}


def observation(ident: str, **members: Any) -> dict[str, Any]:
    """An Observation with these members."""
    return resource("Observation", ident, **members)


def coded(*codings: str, **members: Any) -> dict[str, Any]:
    """A CodeableConcept of `system|code` or `code` each."""
    found = []
    for coding in codings:
        system, bar, code = coding.partition("|")
        found.append({"system": system, "code": code} if bar else {"code": coding})
    return ({"coding": found} if found else {}) | members


def check(
    fhir: Fhir, version: str, rtype: str, resources: list[dict[str, Any]], table: dict[str, str]
) -> None:
    """Every query of the table finds what it says, asked of the server and of the oracle; and on a
    store of a hundred thousand resources its plans would read this owner's rows only."""
    world = store(fhir, version, resources)
    plans.large()
    wrong: dict[str, str] = {}
    for query, matches in table.items():
        wanted = sorted(matches.split())
        pairs = [(pair.partition("=")[0], pair.partition("=")[2]) for pair in query.split("&")]
        told, reckoned = _asked(fhir, world, rtype, pairs), _reckoned(world, rtype, pairs)
        if told != wanted:
            wrong[query] = f"the server found {told}, not {wanted}"
        elif reckoned != wanted:
            wrong[query] = f"the oracle found {reckoned}, not {wanted}"
        if wanted != [REFUSED]:
            sent = urlencode(pairs)
            plans.check(plans.asked(owner=fhir.owner, version=version, rtype=rtype, query=sent))
    assert not wrong, "\n".join(f"{query}: {what}" for query, what in wrong.items())


def _reckoned(world: World, rtype: str, pairs: list[Pair]) -> list[str]:
    try:
        return sorted(r["id"] for r in search(world, rtype, pairs).matches)
    except Unreadable:
        return [REFUSED]


def _asked(fhir: Fhir, world: World, rtype: str, pairs: list[Pair]) -> list[str]:
    query = urlencode([*pairs, ("_count", "1000")])
    answer = fhir.get(f"/{world.version}/{rtype}?{query}", expect=None)
    if fhir.last.status_code == 400:
        text = answer["issue"][0]["details"]["text"]
        steps = [step for name, _ in pairs for step in name.split(".")]
        names = [step.partition(":")[0] for step in steps]
        assert any(name in text for name in names), (query, text)
        return [REFUSED]
    assert fhir.last.status_code == 200, (query, answer)
    found = ids(answer)
    assert answer["total"] == len(found), query
    return sorted(found)
