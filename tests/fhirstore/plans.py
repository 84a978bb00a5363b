"""How PostgreSQL answers a statement of the store: never by reading a whole table, never by reading
rows of another owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhirstore import database
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.owners import Owners
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import parse, read_pairs
from fhirstore.search.statement import Page, Statement, search

TABLES = {
    "fhir_owner": 1_000,
    "fhir_tally": 5_000,
    "fhir_resource": 100_000,
    "fhir_token": 700_000,
    "fhir_range": 200_000,
    "fhir_string": 200_000,
    "fhir_history": 100_000,
    "fhir_tombstone": 10_000,
}
"""Rows that the planner is told of: as of a store of a hundred thousand resources."""
_TOLD = """
select pg_restore_relation_stats('schemaname', current_schema()::text, 'relname', %(table)s::text,
  'relpages', pages, 'reltuples', %(rows)s::real, 'relallvisible', pages)
from (select greatest(1, pg_relation_size(%(table)s::regclass) / 8192)::int as pages) as file
"""


def large() -> None:
    """Tell the planner of a large store, until the transaction ends. It takes the pages from the
    file and the rows on each from what it is told: hence as many pages as the file has.
    """
    cursor = database.cursor()
    for table, rows in TABLES.items():
        cursor.execute(_TOLD, {"table": table, "rows": rows})


def nodes(statement: Statement) -> Iterator[dict[str, Any]]:
    """The nodes of a statement's plans: for its values, and for any (the web server's)."""
    explain = f"explain (format json) {statement.sql}".encode()
    own = database.cursor().execute(explain, statement.values).fetchone()
    explain = f"explain (format json, generic_plan) {_numbered(statement.sql)}".encode()
    generic = database.cursor().execute(explain).fetchone()
    assert own is not None
    assert generic is not None
    stack = [own[0][0]["Plan"], generic[0][0]["Plan"]]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.get("Plans", ()))


def _numbered(sql: str) -> str:
    """The statement with PostgreSQL's own placeholders."""
    numbers: dict[str, int] = {}
    numbered = re.sub(
        r"%\((\w+)\)s", lambda name: f"${numbers.setdefault(name[1], len(numbers) + 1)}", sql
    )
    return numbered.replace("%%", "%")


def check(statement: Statement) -> None:
    """Fail where a node reads a table of the store without its owner.

    Bounds of an index are what it reads by: a filter would read the others' rows first.
    """
    for node in nodes(statement):
        table, kind = node.get("Relation Name", ""), node["Node Type"]
        if kind == "Bitmap Index Scan" or (table in TABLES and "Index Name" in node):
            assert "owner" in node.get("Index Cond", ""), (node, statement.sql)
        assert not (kind == "Seq Scan" and table in TABLES), (node, statement.sql)


def asked(*, owner: int, version: str, rtype: str, query: str) -> Statement:
    """The statement of a search of one owner's resources of a type."""
    scope = Scope(
        owners=Owners(numbers=(owner,)),
        version=version,
        bit=VERSION_BITS[version],
        rtype=rtype,
        number=NUMBERS[rtype],
        now_microseconds=0,
        base="",
    )
    request = parse(version=version, rtype=rtype, pairs=read_pairs(query), strict=False)
    binder = Binder()
    wanted = Page(sort=request.sort, limit=11, counted="accurate")
    return search(compile_parts(request, scope, binder), wanted, binder)
