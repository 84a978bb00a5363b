"""String values: begins with (case, marks and punctuation ignored), `:exact`, `:contains`
(hl7.org/fhir/R4/search.html#string)."""

from __future__ import annotations

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Condition, Scope
from fhirstore.search.escapes import unescape
from fhirstore.search.spellings import further_of

MODIFIERS = ("", "exact", "contains")
AFTER_ALL = "\U0010ffff"
"""Behind every text that begins with what stands before it, in `collate "C"`."""


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows whose text fits one of the values."""
    names = clause.parameter.stored
    if clause.modifier == "contains":
        names = (*names, *map(further_of, names))
    stored = [keys.param_key(scope.keyed, param) for param in names]
    where = f"x.key = any({binder.bind(stored, 'bigint[]')})"
    tests = [_test(clause, unescape(value), binder) for value in clause.values]
    branch = Branch(table="fhir_string", where=f"{where} and ({' or '.join(tests)})")
    return Condition(branches=(branch,), rank=2)


def _test(clause: Clause, text: str, binder: Binder) -> str:
    wanted = keys.normalise(text)
    if clause.modifier == "exact":
        plain = binder.bind(wanted[: keys.LONGEST_STRING], "text")
        return f"(x.val = {plain} and x.raw = {binder.bind(text, 'text')})"
    most = keys.LONGEST_INNER if clause.modifier == "contains" else keys.LONGEST_STRING
    if len(wanted) > most:
        raise InvalidValue(parameter=clause.name, problem=f"more than {most} characters")
    if not wanted:  # punctuation alone: every text begins with what is left of it
        return "false"
    if clause.modifier == "contains":
        return f"strpos(x.val, {binder.bind(wanted, 'text')}) > 0"
    return prefix(wanted, binder)


def prefix(text: str, binder: Binder) -> str:
    """The condition that a row's `val` begins with a text."""
    first, last = binder.bind(text, "text"), binder.bind(text + AFTER_ALL, "text")
    return f"(x.val >= {first} and x.val < {last})"
