from __future__ import annotations

import pytest

from fhirstore import database
from fhirstore.schema import TABLES

UNIQUE = """
select c.relname, i.relname,
  (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = x.indkey[0])
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
where c.relname = any(%s) and (x.indisunique or x.indisprimary)
"""
INDEXES = UNIQUE.replace(" and (x.indisunique or x.indisprimary)", "")
FOREIGN = """
select conname from pg_constraint
where contype in ('f', 'x') and conrelid = any(%s::regclass[])
"""


@pytest.mark.django_db
def test_every_key_and_index_of_the_store_begins_with_the_owner() -> None:
    unique = database.cursor().execute(UNIQUE, (list(TABLES),)).fetchall()
    indexes = database.cursor().execute(INDEXES, (list(TABLES),)).fetchall()

    assert {table for table, _, _ in unique} >= set(TABLES) - {"fhir_range", "fhir_string"}
    assert {table for table, _, _ in indexes} == set(TABLES)
    assert {first for _, _, first in indexes} == {"owner"}


@pytest.mark.django_db
def test_no_table_of_the_store_is_missing_from_the_list() -> None:
    found = database.cursor().execute(
        "select relname from pg_class where relkind in ('r', 'p') and relname like 'fhir\\_%'"
    )

    assert {row[0] for row in found} == set(TABLES)


@pytest.mark.django_db
def test_nothing_ties_the_tables_across_owners() -> None:
    assert database.cursor().execute(FOREIGN, (list(TABLES),)).fetchall() == []
