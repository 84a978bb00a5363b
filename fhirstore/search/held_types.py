"""Which types owners have anything of: where a search of the whole system looks."""

from __future__ import annotations

from fhirstore.rtypes import NAMES
from fhirstore.search import rows
from fhirstore.search.owners import Owners

# From one type to the next by the index, however much there is of each.
_SQL = """
with recursive held as (
  select o.owner, (select min(r.rtype) from fhir_resource r where r.owner = o.owner) as rtype
  from unnest(%(numbers)s::bigint[]) as o(owner)
  union all
  select h.owner, (
    select min(r.rtype) from fhir_resource r where r.owner = h.owner and r.rtype > h.rtype)
  from held h where h.rtype is not null
) select distinct rtype from held where rtype is not null order by rtype
"""


def held_types(owners: Owners) -> list[str]:
    """The names of the types, in any version."""
    numbers = [*owners.numbers, *{owner for owner, _ in owners.seen}]
    return [NAMES[rtype] for (rtype,) in rows.select(_SQL, {"numbers": numbers})]
