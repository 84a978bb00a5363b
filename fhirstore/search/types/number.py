"""Number and quantity values: `5.4`, `gt5`, `5.4|system|code`, `5.4||mg`
(hl7.org/fhir/R4/search.html#number, #quantity).

Range rows hold what a stored number covers by its digits; its middle is the number itself. `eq` and
`ne` ask whether that lies in what the asked number covers, the other prefixes compare the numbers.
"""

from __future__ import annotations

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Condition, Scope
from fhirstore.search.escapes import split, unescape
from fhirstore.search.precision import implicit_range
from fhirstore.search.types.prefix import split_prefix


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

_COMPARED = {
    "eq": f"{_MIDDLE} >= {{low}} - {_SLACK} and {_MIDDLE} < {{high}}",
    "ne": f"not ({_MIDDLE} >= {{low}} - {_SLACK} and {_MIDDLE} < {{high}})",
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


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows whose number stands to one of the values as its prefix says."""
    tests = [_test(clause, value, scope, binder) for value in clause.values]
    branch = Branch(table="fhir_range", where=f"({' or '.join(tests)})")
    return Condition(branches=(branch,), rank=3)


def _test(clause: Clause, value: str, scope: Scope, binder: Binder) -> str:
    kind = clause.parameter.type
    parts = [unescape(part) for part in split(value, "|")]
    prefix, literal = split_prefix(parts[0])
    low, point, high = _numbers(literal, prefix) or (0.0, None, 0.0)
    if point is None or len(parts) not in ((1,) if kind == "number" else (1, 3)):
        raise InvalidValue(parameter=clause.name, problem=f"cannot be read as a {kind}")
    wanted = binder.bind([_key(scope, p, parts) for p in clause.parameter.stored], "bigint[]")
    names = {
        "low": binder.bind(low, "float8"),
        "high": binder.bind(high, "float8"),
        "value": binder.bind(point, "float8"),
        "lo": binder.bind(keys.order_preserving(low), "bigint"),
        "hi": binder.bind(keys.order_preserving(high), "bigint"),
    }
    rough, exact = _ROUGHLY[prefix].format(**names), _COMPARED[prefix].format(**names)
    return f"(x.key = any({wanted}) and {rough} and {exact})"


def _numbers(literal: str, prefix: str) -> tuple[float, float, float] | None:
    """What a number covers, and the number itself in the middle; None where it is none."""
    if not literal.isascii() or "_" in literal or implicit_range(literal) is None:
        return None
    point = float(literal)
    half = _half_digit(literal)
    if prefix == "ap":
        half = max(half, abs(point) / 10)
    return point - half, point, point + half


def _half_digit(literal: str) -> float:
    mantissa, _, exponent = literal.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(5 * 10.0 ** (int(exponent or 0) - decimals - 1))


def _key(scope: Scope, param: str, parts: list[str]) -> int:
    if len(parts) == 1 or not parts[2]:
        return keys.param_key(scope.rtype, param)
    return keys.quantity_key(scope.rtype, param, f"{parts[1]}|{parts[2]}")
