"""What is wrong with a resource, one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `expression`: where, in FHIRPath
    ("Observation.component[1].value.ofType(Quantity).code"). `text` names elements and what is
    expected of them, never a value that was sent. `severity`: "error", or "warning" and
    "information" (which refuse nothing). `code`: an IssueType of all three versions."""

    expression: str
    text: str
    severity: str = "error"
    code: str = "structure"
