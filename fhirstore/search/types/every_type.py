"""What every type can be searched by and the resource's own row answers: `_id`, `_lastUpdated` and
`:missing` (hl7.org/fhir/R4/search.html#all)."""

from __future__ import annotations

from fhirstore.errors import InvalidValue
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope, token_rows
from fhirstore.search.definitions import present_bits
from fhirstore.search.escapes import unescape
from fhirstore.search.links import present_key
from fhirstore.search.moments import instant
from fhirstore.search.types import date

_COMPARED = {
    "eq": "r.updated >= {lo} and r.updated < {hi}",
    "ne": "not (r.updated >= {lo} and r.updated < {hi})",
    "gt": "r.updated >= {hi}",
    "sa": "r.updated >= {hi}",
    "ge": "r.updated >= {lo}",
    "lt": "r.updated < {lo}",
    "eb": "r.updated < {lo}",
    "le": "r.updated < {hi}",
    "ap": "r.updated >= {lo} and r.updated < {hi}",
}


def by_id(clause: Clause, binder: Binder) -> Condition:
    """The resources with one of the ids."""
    wanted = [unescape(value).rpartition("/")[2] for value in clause.values]
    return Condition(
        resource=f"r.fid = any({binder.bind(wanted, 'text[]')})",
        negated=clause.modifier == "not",
        rank=0,
    )


def by_last_updated(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The resources whose `meta.lastUpdated` stands to one of the values as its prefix says."""
    tests = []
    for asked in date.read(clause, now=scope.now_microseconds):
        lo, hi = (binder.bind(instant(at), "timestamptz") for at in (asked.lo, asked.hi))
        tests.append(f"({_COMPARED[asked.prefix].format(lo=lo, hi=hi)})")
    return Condition(resource=" or ".join(tests), rank=4)


def by_missing(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The resources that have no value under the parameter, or (`:missing=false`) have one."""
    if clause.values not in (("true",), ("false",)):
        raise InvalidValue(parameter=clause.name, problem=":missing takes true or false")
    if clause.name in _META:
        return _missing_in_meta(_META[clause.name], clause.values == ("true",))
    if clause.name in ("_id", "_lastUpdated"):  # never missing
        return Condition(resource="false" if clause.values == ("true",) else "true", rank=6)
    bits = present_bits(scope.rtype)
    if clause.name not in bits:
        raise InvalidValue(parameter=clause.name, problem="unknown modifier missing")
    # A composite of several elements (combo-...) has no bit of its own.
    names = clause.parameter.stored if clause.parameter.parts else (clause.name,)
    if scope.link:
        held = token_rows([present_key(scope.link, name) for name in names], scope.bit, binder)
        return Condition(branches=(held,), negated=clause.values == ("true",), rank=6)
    wanted = "=" if clause.values == ("true",) else "<>"
    mask = binder.bind(sum(1 << bits[name] for name in names), "bigint")
    return Condition(resource=f"(r.present & {mask}) {wanted} 0", rank=6)


_META = {"_tag": "tag", "_security": "security", "_profile": "profile", "_source": "source"}


def _missing_in_meta(name: str, missing: bool) -> Condition:
    """The resource itself tells; most do not even hold the word."""
    path = f"$.meta.{name}[*]"
    held = f"(strpos(r.body, '\"{name}\"') > 0 and jsonb_path_exists(fhir_json(r.body), '{path}'))"
    return Condition(resource=f"not {held}" if missing else held, rank=6)
