"""How many resources of a type an owner has, kept as they come and go: the total of a page without
a filter takes one look instead of one at each of its resources.

fhir_tally
    By owner, type and `vers`: how many rows of `fhir_resource` there are. Triggers keep it, so that
    it holds whoever writes; a row changes under the owner's lock, as the resources themselves do.
    What is gone leaves a row that says 0.
"""

from __future__ import annotations

from collections.abc import Iterable

from fhirstore.search.owners import Owners

CREATE = """
create table fhir_tally (
  owner bigint not null,
  resources bigint not null,
  rtype smallint not null,
  vers smallint not null,
  primary key (owner, rtype, vers)
) with (fillfactor = 50);

create function fhir_tally_stored() returns trigger language plpgsql as $$
begin
  insert into fhir_tally as t (owner, resources, rtype, vers)
  select c.owner, count(*), c.rtype, c.vers from changed c group by c.owner, c.rtype, c.vers
  on conflict (owner, rtype, vers) do update set resources = t.resources + excluded.resources;
  return null;
end
$$;

create function fhir_tally_gone() returns trigger language plpgsql as $$
begin
  update fhir_tally t set resources = t.resources - g.resources
  from (select c.owner, count(*) as resources, c.rtype, c.vers from changed c
        group by c.owner, c.rtype, c.vers) g
  where t.owner = g.owner and t.rtype = g.rtype and t.vers = g.vers;
  return null;
end
$$;

create function fhir_tally_other() returns trigger language plpgsql as $$
begin
  update fhir_tally t set resources = t.resources - 1
  where t.owner = old.owner and t.rtype = old.rtype and t.vers = old.vers;
  insert into fhir_tally as t (owner, resources, rtype, vers)
  values (new.owner, 1, new.rtype, new.vers)
  on conflict (owner, rtype, vers) do update set resources = t.resources + 1;
  return null;
end
$$;

create function fhir_tally_nothing() returns trigger language plpgsql as $$
begin
  delete from fhir_tally;
  return null;
end
$$;

create trigger fhir_tally_stored after insert on fhir_resource
  referencing new table as changed for each statement execute function fhir_tally_stored();
create trigger fhir_tally_gone after delete on fhir_resource
  referencing old table as changed for each statement execute function fhir_tally_gone();
create trigger fhir_tally_other after update on fhir_resource for each row
  when ((old.owner, old.rtype, old.vers) is distinct from (new.owner, new.rtype, new.vers))
  execute function fhir_tally_other();
create trigger fhir_tally_nothing after truncate on fhir_resource
  for each statement execute function fhir_tally_nothing();

insert into fhir_tally (owner, resources, rtype, vers)
select owner, count(*), rtype, vers from fhir_resource group by owner, rtype, vers;
"""
"""The triggers come first: from then on until the end of the transaction nobody else writes."""

DROP = """
drop trigger fhir_tally_stored on fhir_resource;
drop trigger fhir_tally_gone on fhir_resource;
drop trigger fhir_tally_other on fhir_resource;
drop trigger fhir_tally_nothing on fhir_resource;
drop function fhir_tally_stored();
drop function fhir_tally_gone();
drop function fhir_tally_other();
drop function fhir_tally_nothing();
drop table fhir_tally;
"""


def resources(owners: Owners, *, rtypes: Iterable[int], bit: int) -> str:
    """How many resources of some types (their numbers) one owner has in a version, as a select of
    one number."""
    numbers = ", ".join(map(str, sorted(rtypes)))
    return (
        f"select coalesce(sum(t.resources), 0)::bigint from fhir_tally t where {owners.own('t')}"
        f" and t.rtype in ({numbers}) and (t.vers & {bit}) <> 0"
    )
