"""The tables of the store, as SQL. There are no Django models: Django's composite keys serve
neither COPY nor the admin.

Context: every query belongs to one owner (`accounts.AppUser.id`), so every index starts with it and
cost follows that owner's data. Nothing is unique without the owner: the tables can be partitioned
by hash of the owner, or distributed.

fhir_owner
    One row an owner. Taking it is the write lock of that owner: `insert ... on conflict do update
    set seq = seq + n returning seq`. `seq` is the change number (cache totals under it); `home` the
    id of the home Patient (wire contract 14).
fhir_resource
    Current versions only, one row per type, id and FHIR version. Deleted ones are not here, so no
    query filters them out. `vers` bits: 1 dstu2, 2 stu3, 4 r4; wearable rows have 7, stand-ins of
    the home Patient the versions that lack the real one. The rows of one version are selected by
    `(vers & bit) <> 0`. `body` is what is served; where `vers` has more than one bit pass it
    through `fhirstore.versions.as_served`. `version` counts earlier versions: `meta.versionId` is
    9000000000000 + version. `given`: the highest number given, where versions after this one were
    removed. `lo`, `hi`: the primary date as microseconds since 1970, half open, null where it has
    none. `src`: hash of the source URL (null: written by an app). `hash`: of the source's content
    (16 bytes), and behind it of its text as it was sent (16 more; rows that
    earlier releases wrote lack them). `conn`: the connection it came by (null: an app's, or a
    stand-in). `also`: other connections that brought the same. For `rid`, `self`, `present`, `keys`
    and all index rows see fhirstore/keys.py.
fhir_tally
    How many resources of a type an owner has (fhirstore/tally.py).
fhir_tombstone
    What was deleted and has not come back: a read is 410, or 404 where `hidden` (all its versions
    were removed too). `version` is the number of the deletion itself, the deleted version plus one.
    `hash` lets ingest leave it deleted until the source changes it. Select by `(vers & bit) <> 0`.
fhir_history
    Superseded versions; `body` null: a deletion that was followed by a new version.
fhir_alias
    Ids that do not follow from the source URL alone, because another URL held the first choice
    (wire contract 13.3).
fhir_outbox
    One row per change, numbered by the owner's seq; `action` is create, update or delete.
fhir_subscription_scope
    The scope of the token that wrote a version of a Subscription (fhirstore/granted.py).
"""

from __future__ import annotations

from fhirstore.rtypes import NUMBERS

CREATE = """
create table fhir_owner (
  owner bigint primary key,
  seq bigint not null,
  home text collate "C"
);

create table fhir_resource (
  owner bigint not null,
  rid bigint not null,
  self bigint not null,
  updated timestamptz not null,
  lo bigint,
  hi bigint,
  conn bigint,
  src bigint,
  present bigint not null,
  version int not null,
  rtype smallint not null,
  vers smallint not null,
  fid text collate "C" not null,
  hash bytea,
  also bigint[],
  keys bigint[] not null,
  body text not null,
  primary key (owner, rtype, rid) include (fid, vers)
);
create unique index fhir_resource_id on fhir_resource (owner, rtype, fid, vers) include (rid);
create index fhir_resource_updated on fhir_resource (owner, rtype, updated) include (rid);

create table fhir_token (
  owner bigint not null,
  key bigint not null,
  rid bigint not null,
  sys int not null,
  vers smallint not null
) with (autovacuum_vacuum_insert_scale_factor = 0.02);
create unique index fhir_token_key on fhir_token (owner, key, rid) include (sys, vers);

create table fhir_range (
  owner bigint not null,
  key bigint not null,
  lo bigint not null,
  hi bigint not null,
  rid bigint not null
) with (autovacuum_vacuum_insert_scale_factor = 0.02);
create index fhir_range_key on fhir_range (owner, key, lo, rid) include (hi);

create table fhir_string (
  owner bigint not null,
  key bigint not null,
  rid bigint not null,
  val text collate "C" not null,
  raw text not null
);
create index fhir_string_key on fhir_string (owner, key, val, rid);

create table fhir_history (
  owner bigint not null,
  rtype smallint not null,
  vers smallint not null,
  version int not null,
  updated timestamptz not null,
  fid text collate "C" not null,
  body text,
  primary key (owner, rtype, fid, vers, version)
);

create table fhir_tombstone (
  owner bigint not null,
  conn bigint,
  src bigint,
  deleted timestamptz not null,
  version int not null,
  rtype smallint not null,
  vers smallint not null,
  hidden boolean not null,
  fid text collate "C" not null,
  hash bytea,
  primary key (owner, rtype, fid, vers)
);

create table fhir_alias (
  owner bigint not null,
  src bigint not null,
  vers smallint not null,
  fid text collate "C" not null,
  primary key (owner, src, vers)
);

create table fhir_outbox (
  owner bigint not null,
  seq bigint not null,
  rtype smallint not null,
  vers smallint not null,
  version int not null,
  at timestamptz not null,
  fid text collate "C" not null,
  action text collate "C" not null check (action in ('create', 'update', 'delete')),
  primary key (owner, seq)
);
"""

SUBSCRIPTIONS = f"""
create index fhir_resource_subscription on fhir_resource (owner, fid, vers)
where rtype = {NUMBERS["Subscription"]};
"""
"""The one question that is asked for all owners together: which Subscriptions there are."""

JSON = r"""
create function fhir_json(body text) returns jsonb language plpgsql immutable strict
as $$
begin
  return body::jsonb;
exception when others then
  return null;
end
$$;
"""
"""A body as jsonb, null where PostgreSQL cannot read it as such (U+0000 in an escape, half of a
surrogate pair): what a source sends is kept as it came. Not parallel safe: it catches errors."""
GENERATION = """
alter table fhir_owner add column indexed smallint not null default 0;
"""
"""Which generation of the index (fhirstore/reindex.py) an owner's rows are of."""

VACUUM = """
alter table fhir_resource set (autovacuum_vacuum_insert_scale_factor = 0.02);
"""
"""Totals of a whole type are counted from its index alone only where a vacuum has been."""

GIVEN = """
alter table fhir_resource add column given int;
"""
"""The highest number given to a version that was removed; null where none above `version` was."""

SUBSCRIPTION_SCOPES = f"""
create table fhir_subscription_scope (
  owner bigint not null,
  version int not null,
  vers smallint not null,
  fid text collate "C" not null,
  scope text not null,
  primary key (owner, fid, vers, version)
);
insert into fhir_subscription_scope (owner, version, vers, fid, scope)
select owner, 0, vers, fid, 'user/*.*' from fhir_resource
where rtype = {NUMBERS["Subscription"]} and src is null;
"""

TABLES = (
    "fhir_owner",
    "fhir_resource",
    "fhir_tally",
    "fhir_token",
    "fhir_range",
    "fhir_string",
    "fhir_history",
    "fhir_tombstone",
    "fhir_alias",
    "fhir_outbox",
    "fhir_subscription_scope",
)

DROP = "".join(f"drop table if exists {table};\n" for table in TABLES)
