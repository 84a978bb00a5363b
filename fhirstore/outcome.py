"""OperationOutcome: how every FHIR error is told (wire contract 4), and what a delete answers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Any

from fhirstore.errors import FhirError, Invalid
from fhirstore.problem import Problem

_CHOICE = re.compile(r"\.ofType\((\w)(\w*)\)")
_PLACE = re.compile(r"\[(\d+)\]")


def outcome(*, severity: str, code: str, text: str) -> dict[str, Any]:
    """An OperationOutcome of one issue, valid in all three versions, with a short random `id`."""
    return {
        "resourceType": "OperationOutcome",
        "id": secrets.token_hex(6),
        "issue": [
            {
                "severity": severity,
                "code": code,
                "details": {"text": text},
                "diagnostics": text,
            }
        ],
    }


def failure(*, code: str, text: str) -> dict[str, Any]:
    """The outcome of a refused call."""
    return outcome(severity="error", code=code, text=text)


def done(text: str) -> dict[str, Any]:
    """The outcome of a delete, a purge and the like (wire contract 12.7)."""
    return outcome(severity="information", code="value", text=text)


def refusal(error: FhirError) -> dict[str, Any]:
    """The outcome of an error: one issue, for an invalid resource one per problem."""
    if isinstance(error, Invalid):
        return issues(error.problems, version=error.version)
    return failure(code=error.code, text=error.text)


def issues(problems: Iterable[Problem], *, version: str) -> dict[str, Any]:
    """An OperationOutcome with an issue per problem, each with its place: `expression`, in DSTU2
    `location`."""
    return {
        "resourceType": "OperationOutcome",
        "id": secrets.token_hex(6),
        "issue": [_issue(problem, version) for problem in problems],
    }


def _issue(problem: Problem, version: str) -> dict[str, Any]:
    text = f"{problem.expression}: {problem.text}".removeprefix(": ")
    said: dict[str, Any] = {
        "severity": problem.severity,
        "code": problem.code,
        "details": {"text": text},
        "diagnostics": text,
    }
    if problem.expression:
        place = {"location": [xpath(problem.expression)]}
        said |= place if version == "dstu2" else {"expression": [problem.expression]}
    return said


def xpath(expression: str) -> str:
    """A place as DSTU2 tells it: "/f:Observation/f:component[2]/f:valueQuantity"."""
    spelt = _CHOICE.sub(lambda m: m[1].upper() + m[2], expression)
    counted = _PLACE.sub(lambda m: f"[{int(m[1]) + 1}]", spelt)
    return "".join(f"/f:{part}" for part in counted.split("."))
