"""What an operation was asked with: a query, a form, or a Parameters resource
(hl7.org/fhir/R4/operations.html)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fhirstore import digits
from fhirstore.api.bodies import check_resource
from fhirstore.api.call import Call
from fhirstore.errors import InvalidRequest, InvalidValue
from fhirstore.search.escapes import escape
from fhirstore.search.request import Pair, read_pairs


def operation_pairs(call: Call) -> list[Pair]:
    """The parameters of an operation, wherever they were sent. Raises `InvalidRequest`."""
    pairs = [*read_pairs(call.query), *read_pairs(call.form)]
    if call.resource is not None:
        pairs += _parameters(check_resource(call.resource, rtype="Parameters"))
    for pair in pairs:
        if "\0" in pair.name or "\0" in pair.value:
            raise InvalidRequest("a parameter holds a NUL character")
    return pairs


def pair(name: str, value: str) -> Pair:
    """A parameter as a link repeats it."""
    return Pair(name=name, value=value, raw=f"{quote(name, safe='')}={quote(value, safe='')}")


def values(pairs: list[Pair], name: str) -> list[str]:
    """The values of a parameter that are not empty."""
    return [pair.value for pair in pairs if pair.name == name and pair.value]


def _parameters(resource: dict[str, Any]) -> Iterator[Pair]:
    rows = resource.get("parameter", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidRequest("Parameters.parameter is not a list of parameters")
    for row in rows:
        name = row.get("name")
        if not isinstance(name, str):
            raise InvalidRequest("a parameter has no name")
        found = [value for key, value in row.items() if key.startswith("value")]
        if len(found) != 1:
            raise InvalidValue(parameter=name, problem="has no value, or more than one")
        yield pair(name, _text(name, found[0]))


def _text(name: str, value: Any) -> str:
    """A parameter's value as a query would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return digits.literal(value)
    if isinstance(value, dict):
        codings = value["coding"] if isinstance(value.get("coding"), list) else [value]
        told = [_token(coding) for coding in codings if isinstance(coding, dict)]
        if told and all(told):
            return ",".join(told)
        if isinstance(value.get("reference"), str):
            return escape(value["reference"])
    raise InvalidValue(parameter=name, problem="cannot be read")


def _token(coding: dict[str, Any]) -> str:
    system, code = coding.get("system"), coding.get("code", coding.get("value"))
    if not isinstance(code, str):
        return ""
    return f"{escape(system)}|{escape(code)}" if isinstance(system, str) else escape(code)
