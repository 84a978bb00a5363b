"""`system|` as a part of a composite: the rows of a composite are keyed by codes, so the codes that
the owner's resources have of that system there are read first."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Branch, Scope
from fhirstore.search.definitions import SearchParameter, parameters
from fhirstore.search.inside import inside
from fhirstore.search.json_path import json_path
from fhirstore.search.paths import split_type
from fhirstore.search.types.system_only import NEWER_SYSTEMS

MOST = 1000
"""Codes that one such part may stand for."""
_CODES = {
    "CodeableConcept": '."coding" ? (@."system" == $s)."code"',
    "Coding": ' ? (@."system" == $s)."code"',
    "Identifier": ' ? (@."system" == $s)."value"',
}


def codes_of(
    name: str, composite: SearchParameter, part: int, system: str, scope: Scope
) -> list[str]:
    """The codes of a system that resources have in a part of a composite, as far as the scope sees
    them. Raises `InvalidValue`, naming the parameter, where they are too many."""
    found = dict.fromkeys(_codes(composite, part, system, scope))
    if scope.version != "r4":
        # Wearable rows, which all versions share, are stored in R4's shape.
        current = parameters("r4", scope.rtype).get(composite.code)
        if current is not None and len(current.parts) == len(composite.parts):
            newer = NEWER_SYSTEMS.get(system, system)
            found |= dict.fromkeys(_codes(current, part, newer, scope))
    if len(found) > MOST:
        problem = f"system| stands for more than {MOST} codes; name those that are meant"
        raise InvalidValue(parameter=name, problem=problem)
    return list(found)


def _codes(composite: SearchParameter, part: int, system: str, scope: Scope) -> Iterator[str]:
    binder, owners = Binder(), scope.owners
    root = "" if composite.parts[part].absolute else f"{composite.root}."
    said = binder.bind(json.dumps({"s": system}), "jsonb")
    paths = [
        binder.bind(json_path(f"{root}{names}") + _CODES[kind], "jsonpath")
        for names, kind in map(split_type, composite.parts[part].paths)
        if kind in _CODES
    ]
    values = " union all ".join(
        f"select jsonb_path_query(d.j, {path}, {said}) as c" for path in paths
    )
    if not values:
        return
    sys = binder.bind(keys.system_hash(system), "int")
    holding = Branch(table="fhir_token", where=f"x.sys = {sys} and (x.vers & {scope.bit}) <> 0")
    sql = f"""
select distinct lower(v.c #>> '{{}}') from fhir_resource r,
  lateral (select fhir_json(r.body) as j offset 0) d, lateral ({values}) v
where {owners.own("r")} and r.rtype = {scope.number} and (r.vers & {scope.bit}) <> 0
  and {owners.among("r", holding.select(owners))}{owners.visible("r", scope.bit)}
  {sight.seen(scope, binder)} limit {MOST + 1}"""
    bound = {**owners.values(), **binder.values}
    for (code,) in rows.select(inside(sql) if scope.inside else sql, bound):
        if code:
            yield code.decode()
