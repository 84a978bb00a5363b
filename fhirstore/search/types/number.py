"""Number and quantity values: `5.4`, `gt5`, `5.4|system|code`, `5.4||mg`
(hl7.org/fhir/R4/search.html#number, #quantity). With a UCUM unit, in base units.

Range rows hold what a stored number covers by its digits; its middle is the number itself. `eq` and
`ne` ask whether that lies in what the asked number covers, the other prefixes compare the numbers.
A quantity with a comparator (`<0.01`) covers all on that side of its number, and is compared as a
range is: `gt` and `lt` ask whether a part of it lies there, `sa` and `eb` whether all does, `eq`
whether all lies in what the asked number covers, which never is the case.
A Range, or what samples span, has rows of its own (`spanned_of`) with the numbers at its ends: `eq`
asks whether all of it lies in what the asked number covers, the others whether some of it is
greater, or (`sa`) all of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Condition, Scope
from fhirstore.search.escapes import split, unescape
from fhirstore.search.paths import split_type
from fhirstore.search.precision import SLACK, based, number
from fhirstore.search.spellings import spanned_of
from fhirstore.search.types.prefix import split_prefix
from fhirstore.search.units import UCUM, unit
from fhirstore.search.values import SPANNED

_DIGITS = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,4})?|[+-]?\.\d+", re.ASCII)


def _decoded(column: str) -> str:
    """The float8 that `keys.order_preserving` made an integer of."""
    size = f"abs({column})"
    mantissa = f"(1 + ({size} & 4503599627370495) / 4503599627370496::float8)"
    return f"(sign({column}) * {mantissa} * power(2::float8, ({size} >> 52) - 1023))"


_LOW, _HIGH = _decoded("x.lo"), _decoded("x.hi")
_MIDDLE = f"(({_LOW} + {_HIGH}) / 2)"
_SLACK = (
    f"(abs({_HIGH} - {_LOW}) * 1e-6)"  # float8 rounds; a stored number's own half digit does not
)

# With more digits than a float8 holds, both ends of what a number covers may be the number itself.
_SAME = f"abs({_MIDDLE} - {{value}}) <= abs({{value}}) * 4e-16"
_WITHIN = f"({_MIDDLE} >= {{low}} - {_SLACK} and {_MIDDLE} < {{high}} or {_SAME})"

_COMPARED = {
    "eq": _WITHIN,
    "ne": f"not {_WITHIN}",
    "ap": f"{_MIDDLE} >= {{low}} - {_SLACK} and {_MIDDLE} <= {{high}} + {_SLACK}",
    "gt": f"{_MIDDLE} - {{value}} > {_SLACK}",
    "ge": f"{_MIDDLE} - {{value}} >= - {_SLACK}",
    "lt": f"{{value}} - {_MIDDLE} > {_SLACK}",
    "le": f"{{value}} - {_MIDDLE} >= - {_SLACK}",
}
_COMPARED |= {"sa": _COMPARED["gt"], "eb": _COMPARED["lt"]}
# What the index can tell before.
_ROUGHLY = {
    "eq": "x.lo <= {hi} and x.hi >= {lo}",
    "ap": "x.lo <= {hi} and x.hi >= {lo}",
    "gt": "x.hi >= {lo}",
    "ge": "x.hi >= {lo}",
    "sa": "x.hi >= {lo}",
    "lt": "x.lo <= {hi}",
    "le": "x.lo <= {hi}",
    "eb": "x.lo <= {hi}",
    "ne": "true",
}
# What the index alone settles, so that most rows need no arithmetic.
_SURELY = {
    **dict.fromkeys(("gt", "ge", "sa"), "x.lo > {hi}"),
    **dict.fromkeys(("lt", "le", "eb"), "x.hi < {lo}"),
}


_OPEN = f"(x.lo = '{keys.LEAST}'::bigint or x.hi = '{keys.GREATEST}'::bigint)"
# Of a range that is open at one end, which has no middle; `{at}` is the number asked for.
_OPEN_COMPARED = {
    "eq": "false",
    "ne": "true",
    "ap": "true",  # as far as the index told
    "gt": "x.hi > {at}",
    "ge": "x.hi >= {at}",
    "lt": "x.lo < {at}",
    "le": "x.lo <= {at}",
    "sa": "x.lo > {at}",
    "eb": "x.hi < {at}",
}


_SPANNED = {
    "eq": "x.lo >= {low} - {slack} and x.hi < {high} - {slack}",
    "ap": "x.lo <= {high} + {slack} and x.hi >= {low} - {slack}",
    "gt": "x.hi > {value} + {slack}",
    "ge": "x.hi >= {value} - {slack}",
    "lt": "x.lo < {value} - {slack}",
    "le": "x.lo <= {value} + {slack}",
    "sa": "x.lo > {value} + {slack}",
    "eb": "x.hi < {value} - {slack}",
}
_SPANNED["ne"] = f"not ({_SPANNED['eq']})"


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows whose number stands to one of the values as its prefix says."""
    asked = [_read(clause, value) for value in clause.values]
    tests = [_test(clause, one, scope, binder) for one in asked]
    if any(split_type(path)[1] in SPANNED for path in clause.parameter.paths):
        tests += [_spanned(clause, one, scope, binder) for one in asked]
    branch = Branch(table="fhir_range", where=f"({' or '.join(tests)})", parts=tuple(tests))
    return Condition(branches=(branch,), rank=3)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A value as asked: its prefix, the unit as `number_key` takes it, the number and what it
    covers."""

    prefix: str
    unit: str
    low: float
    value: float
    high: float


def _read(clause: Clause, value: str) -> _Asked:
    kind = clause.parameter.type
    parts = [unescape(part) for part in split(value, "|")]
    prefix, literal = split_prefix(parts[0])
    read = number(literal) if _DIGITS.fullmatch(literal) else None
    if read is None or len(parts) not in ((1,) if kind == "number" else (1, 3)):
        raise InvalidValue(parameter=clause.name, problem=f"cannot be read as a {kind}")
    point, half = read
    if prefix == "ap":
        half = max(half, abs(point) / 10)
    asked = [point - half, point, point + half]
    name = f"{parts[1]}|{parts[2]}" if len(parts) == 3 and parts[2] else ""
    known = unit(parts[2]) if name and parts[1] == UCUM else None
    if known:
        name, asked = based(known.base), [known.of(amount) for amount in asked]
    low, middle, high = map(float, asked)
    return _Asked(prefix=prefix, unit=name, low=low, value=middle, high=high)


def _test(clause: Clause, asked: _Asked, scope: Scope, binder: Binder) -> str:
    wanted = [keys.number_key(scope.keyed, p, asked.unit) for p in clause.parameter.stored]
    names = {
        "low": binder.bind(asked.low, "float8"),
        "high": binder.bind(asked.high, "float8"),
        "value": binder.bind(asked.value, "float8"),
        "lo": binder.bind(keys.order_preserving(asked.low), "bigint"),
        "hi": binder.bind(keys.order_preserving(asked.high), "bigint"),
        "at": binder.bind(keys.order_preserving(asked.value), "bigint"),
    }
    prefix = asked.prefix
    rough, exact = _ROUGHLY[prefix].format(**names), _COMPARED[prefix].format(**names)
    exact = f"case when {_OPEN} then {_OPEN_COMPARED[prefix].format(**names)} else {exact} end"
    if prefix in _SURELY:
        exact = f"{_SURELY[prefix].format(**names)} or {exact}"
    return f"(x.key = any({binder.bind(wanted, 'bigint[]')}) and {rough} and ({exact}))"


def _spanned(clause: Clause, asked: _Asked, scope: Scope, binder: Binder) -> str:
    """The same of rows that span several numbers."""
    stored = map(spanned_of, clause.parameter.stored)
    wanted = [keys.number_key(scope.keyed, p, asked.unit) for p in stored]
    ends = {
        name: binder.bind(keys.order_preserving(getattr(asked, name)), "bigint")
        for name in ("low", "value", "high")
    }
    test = _SPANNED[asked.prefix].format(**ends, slack=SLACK)
    return f"(x.key = any({binder.bind(wanted, 'bigint[]')}) and {test})"
