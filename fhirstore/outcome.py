"""OperationOutcome: how every FHIR error is told (wire contract 4), and what a delete answers."""

from __future__ import annotations

import secrets
from typing import Any


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
