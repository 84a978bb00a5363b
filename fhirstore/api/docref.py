"""`DocumentReference/$docref`: a patient's documents
(hl7.org/fhir/us/core/OperationDefinition-docref.html). None are made on demand: it finds those that
are there.
"""

from __future__ import annotations

from fhirstore.api import presented
from fhirstore.api.call import Answer, Call
from fhirstore.api.operation import operation_pairs, pair, values
from fhirstore.errors import InvalidRequest, InvalidValue, NotFound
from fhirstore.search import controls
from fhirstore.search.bundle import bundle
from fhirstore.search.definitions import primary_date
from fhirstore.search.execute import run
from fhirstore.search.moments import moments
from fhirstore.search.paging import cut, links
from fhirstore.search.request import LONGEST_PAGE, Pair, parse_ordinary
from fhirstore.search.rows import Row

_KNOWN = (
    *("patient", "start", "end", "type", "on-demand", "profile"),
    *("_count", "_skip", "_offset", "_format", "_pretty"),
)


def docref(call: Call) -> Answer:
    """The documents of `patient` whose care falls between `start` and `end`, newest first; without
    either the current ones. `type`: of one of these types. `on-demand=true`: none. All at
    once, or pages of `_count`."""
    if call.rtype != "DocumentReference":
        raise NotFound(f"$docref is an operation on DocumentReference, not on {call.rtype}")
    pairs = operation_pairs(call)
    found = [] if _on_demand(pairs) else _documents(call, pairs)
    shown, following = cut(pairs, found)
    wanted = controls.read(version=call.version, pairs=pairs)
    return Answer(
        body=bundle(
            kind="searchset",
            total=len(found),
            entries=presented.entries(call, shown, controls=wanted),
            links=links(
                version=call.version,
                url=f"{call.base}/DocumentReference/$docref",
                pairs=pairs,
                ignored=[p for p in pairs if p.name not in _KNOWN and not controls.takes(p.name)],
                following=following,
            ),
        )
    )


def _on_demand(pairs: list[Pair]) -> bool:
    asked = values(pairs, "on-demand")
    if any(value not in ("true", "false") for value in asked):
        raise InvalidValue(parameter="on-demand", problem="is neither true nor false")
    return "true" in asked


def _documents(call: Call, pairs: list[Pair]) -> list[Row]:
    patients = values(pairs, "patient")
    if len(patients) != 1:
        raise InvalidRequest("$docref needs one patient")
    asked = [pair("patient", patients[0])]
    if types := values(pairs, "type"):
        asked.append(pair("type", ",".join(types)))
    if profiles := values(pairs, "profile"):
        asked.append(pair("_profile", ",".join(profiles)))
    start, end = _date(pairs, "start"), _date(pairs, "end")
    if not (start or end):
        return _found(call, [*asked, pair("status", "current")])
    asked.append(pair("status:not", "entered-in-error"))
    within = [*([f"ge{start}"] if start else ()), *([f"le{end}"] if end else ())]
    # A document that does not tell when the care was is taken by its own date.
    by_care = _found(call, [*asked, *(pair("period", value) for value in within)])
    own = str(primary_date(call.version, call.rtype))
    by_date = [pair("period:missing", "true"), *(pair(own, value) for value in within)]
    rows = [*by_care, *_found(call, [*asked, *by_date])]
    return sorted(rows, key=lambda row: (row.rid, row.fid), reverse=True)


def _date(pairs: list[Pair], name: str) -> str:
    asked = [value.replace(" ", "+") for value in values(pairs, name)]
    if len(asked) > 1 or any(moments(value) is None for value in asked):
        raise InvalidValue(parameter=name, problem="cannot be read as a date")
    return asked[0] if asked else ""


def _found(call: Call, pairs: list[Pair]) -> list[Row]:
    order = pair("_sort", f"-{primary_date(call.version, call.rtype)}")
    count = pair("_count", str(LONGEST_PAGE))
    request = parse_ordinary(
        version=call.version, rtype=call.rtype, pairs=[*pairs, order, count], strict=True
    )
    found = run(request, call.scope())
    if found.following:
        raise InvalidRequest(
            f"there are more than {LONGEST_PAGE} documents; give start, end or type"
        )
    return list(found.rows)
