"""`_list=$current-problems` and the like: what is current of a patient, by the function that a List
has (hl7.org/fhir/R4/lifecycle.html#current).

Of a patient about whom there is a current List with that function (its `code` says it) what this
List holds; of every other the resources of the function's types that are active. Which Lists there
are is read when a search is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search import rows, sight
from fhirstore.search.chain import Compile
from fhirstore.search.clause import read_clause
from fhirstore.search.condition import Binder, Branch, Scope, of_type
from fhirstore.search.values import homes, targets

MOST = 200
"""Lists of one function that are looked at."""

Queries = tuple[tuple[str, str], ...]
"""(name, value) of a search, of which all must hold."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """`codes` of the Lists; `active` by version and type: what is current without a List;
    `narrowed`: what must hold of a resource in either case."""

    codes: str
    active: Mapping[str, Mapping[str, Queries]]
    narrowed: Queries = ()


_USE = (
    "http://terminology.hl7.org/CodeSystem/list-example-use-codes",
    "http://hl7.org/fhir/list-example-use-codes",
)


def _codes(use: str, *loinc: str) -> str:
    said = [f"{system}|{use}" for system in _USE]
    return ",".join([*said, *(f"http://loinc.org|{code}" for code in loinc)])


_NOT_REFUTED = ("verification-status:not", "refuted,entered-in-error")
_PROBLEM = ("category:not", "encounter-diagnosis")
_ACTIVE = ("status", "active")
_PROBLEMS = Function(
    codes=_codes("problems", "11450-4"),
    active={
        "dstu2": {"Condition": (("clinicalstatus", "active,relapse"),)},
        "stu3": {
            "Condition": (("clinical-status", "active,recurrence"), _NOT_REFUTED, _PROBLEM),
        },
        "r4": {
            "Condition": (("clinical-status", "active,recurrence,relapse"), _NOT_REFUTED, _PROBLEM),
        },
    },
)
_ORDERED = (_ACTIVE, ("intent:not", "proposal,option"))
_MEDICATIONS = Function(
    codes=_codes("medications", "10160-0"),
    active={
        "dstu2": {"MedicationStatement": (_ACTIVE,), "MedicationOrder": (_ACTIVE,)},
        "stu3": {"MedicationStatement": (_ACTIVE,), "MedicationRequest": _ORDERED},
        "r4": {"MedicationStatement": (_ACTIVE,), "MedicationRequest": _ORDERED},
    },
)
_CURRENT = (("clinical-status", "active"), _NOT_REFUTED)
_ALLERGIES = Function(
    codes=_codes("allergies", "48765-2", "52472-8"),
    active={
        "dstu2": {"AllergyIntolerance": (("status", "active,unconfirmed,confirmed"),)},
        "stu3": {"AllergyIntolerance": _CURRENT},
        "r4": {"AllergyIntolerance": _CURRENT},
    },
)
FUNCTIONS = {
    "$current-problems": _PROBLEMS,
    "$current-medications": _MEDICATIONS,
    "$current-allergies": _ALLERGIES,
    "$current-drug-allergies": replace(_ALLERGIES, narrowed=(("category", "medication"),)),
}


Name = tuple[int, str]
"""(owner, id)."""


def test(name: str, scope: Scope, binder: Binder, compile_clause: Compile) -> str:
    """The condition that a resource `r` is in a functional list. Raises `InvalidValue`."""
    function = FUNCTIONS.get(name)
    if function is None:
        problem = f"there is no list {name}; there are {', '.join(FUNCTIONS)}"
        raise InvalidValue(parameter="_list", problem=problem)
    items, patients = _held(function, scope, compile_clause)
    tests = [_named(items, scope, binder)]
    queries = function.active[scope.version].get(scope.rtype)
    if queries is not None:
        active = _all(queries, scope, binder, compile_clause)
        if scope.version == "dstu2" and scope.rtype == "Condition":
            # DSTU2 has no parameter for it.
            said = "fhir_json(r.body) ->> 'verificationStatus'"
            active += f" and (({said}) in ('refuted', 'entered-in-error')) is not true"
        tests.append(f"({active} and not {_about(patients, scope, binder)})")
    narrowed = _all(function.narrowed, scope, binder, compile_clause)
    return f"(({' or '.join(tests)}) and {narrowed})"


def _all(queries: Queries, scope: Scope, binder: Binder, compile_clause: Compile) -> str:
    """The test that all of some filters hold of `r`; a type that has not all of them has none."""
    tests = []
    for name, value in queries:
        clause = read_clause(scope.version, scope.rtype, name, value)
        if clause is None:
            return "false"
        tests.append(compile_clause(clause, scope, binder).test(scope.owners, "r"))
    return " and ".join(tests) or "true"


def _held(
    function: Function, scope: Scope, compile_clause: Compile
) -> tuple[list[Name], list[Name]]:
    """The ids of the scope's type that current Lists of a function hold, and of the patients whom
    these Lists are about."""
    binder, owners = Binder(), scope.owners
    lists = of_type(scope, version=scope.version, rtype="List")
    current = (("status", "current"), ("code", function.codes))
    met = _all(current, lists, binder, compile_clause)
    sql = f"""
select r.owner, r.body from fhir_resource r
where {owners.own("r")} and r.rtype = {lists.number} and (r.vers & {lists.bit}) <> 0 and {met}
  {owners.visible("r", lists.bit)}{sight.seen(lists, binder, letters="s")} limit {MOST + 1}"""
    found = rows.select(sql, {**owners.values(), **binder.values})
    if len(found) > MOST:
        problem = f"there are more than {MOST} current Lists with that function; name those meant"
        raise InvalidValue(parameter="_list", problem=problem)
    items: list[Name] = []
    patients: list[Name] = []
    for owner, body in found:
        content = orjson.loads(body)
        if content.get("mode") == "changes":
            continue
        patients += [(owner, fid) for fid in _ids("Patient", [content.get("subject")], scope)]
        entries = content.get("entry")
        there = [
            entry.get("item")
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, dict) and entry.get("deleted") is not True
        ]
        items += [(owner, fid) for fid in _ids(scope.rtype, there, scope)]
    return items, patients


def _ids(rtype: str, references: Iterable[Any], scope: Scope) -> Iterator[str]:
    """The ids of this type that references to this server name."""
    for reference in references:
        for target in targets("Reference", reference, scope.version):
            for home in homes(scope.base, scope.version):
                target = target.removeprefix(home)
            kind, _, fid = target.partition("/")
            if kind == rtype and fid and "/" not in fid and "\0" not in fid:
                yield fid


def _named(names: Sequence[Name], scope: Scope, binder: Binder) -> str:
    fids = binder.bind([fid for _, fid in names], "text[]")
    if not scope.owners.several:
        return f"r.fid = any({fids})"
    numbers = binder.bind([owner for owner, _ in names], "bigint[]")
    return f"(r.owner, r.fid) in (select * from unnest({numbers}, {fids}))"


def _about(patients: Sequence[Name], scope: Scope, binder: Binder) -> str:
    """The test that `r` belongs to one of the patients."""
    wanted = [keys.compartment_key(f"Patient/{fid}") for _, fid in patients]
    bound = binder.bind(wanted, "bigint[]")
    where = f"x.key = any({bound}) and x.sys = {scope.number} and (x.vers & {scope.bit}) <> 0"
    if scope.owners.several:
        numbers = binder.bind([owner for owner, _ in patients], "bigint[]")
        where += f" and (x.owner, x.key) in (select * from unnest({numbers}, {bound}))"
    rows_of = Branch(table="fhir_token", where=where).select(scope.owners)
    return f"({scope.owners.among('r', rows_of)})"
