"""Uri values: exact, `:below`, `:above` (hl7.org/fhir/R4/search.html#uri)."""

from __future__ import annotations

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Condition, Scope, token_rows
from fhirstore.search.escapes import unescape
from fhirstore.search.types import string

MODIFIERS = ("", "below", "above")


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows that hold one of the uris, one below it or one above it."""
    stored, values = clause.parameter.stored, [unescape(value) for value in clause.values]
    if clause.modifier == "below":
        if clause.name in _META:
            return _below_in_meta(_META[clause.name], values, binder)
        if max(map(len, values)) > keys.LONGEST_STRING:
            problem = f"more than {keys.LONGEST_STRING} characters"
            raise InvalidValue(parameter=clause.name, problem=problem)
        params = binder.bind([keys.param_key(scope.keyed, p) for p in stored], "bigint[]")
        tests = " or ".join(string.prefix(value, binder) for value in values)
        branch = Branch(table="fhir_string", where=f"x.key = any({params}) and ({tests})")
        return Condition(branches=(branch,), rank=2)
    if clause.modifier == "above":
        values = [start for value in values for start in _above(value)]
    wanted = [keys.uri_key(scope.keyed, p, value) for p in stored for value in values]
    return Condition(branches=(token_rows(wanted, scope.bit, binder),), rank=2)


_META = {"_profile": "profile", "_source": "source"}


def _below_in_meta(name: str, values: list[str], binder: Binder) -> Condition:
    """The resource itself tells; the index holds such a uri as a whole only."""
    starts = binder.bind(values, "text[]")
    return Condition(
        resource=(
            f"(strpos(r.body, '\"{name}\"') > 0 and exists (select 1 from"
            f" jsonb_path_query(fhir_json(r.body), '$.meta.{name}[*]') u, unnest({starts}) s"
            " where starts_with(u #>> '{}', s)))"
        ),
        rank=6,
    )


def _above(uri: str) -> list[str]:
    ends = [at for at, c in enumerate(uri) if c == "/"]
    return [uri, *(uri[:at] for at in ends), *(uri[: at + 1] for at in ends)]
