"""OperationOutcomes of a source, read for what they mean to us: as a whole answer (also with status
200), or as an entry of a searchset.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.answer import WAIT
from connectors.errors import ConnectorError, Malformed, RateLimited, ScopeMissing, Unavailable

REFUSED = frozenset({"forbidden", "security", "suppressed", "not-supported"})
LATER = frozenset(
    {
        "transient",
        "lock-error",
        "no-store",
        "exception",
        "timeout",
        "incomplete",
        "login",
        "expired",
    }
)
IGNORED_PARAMETER = frozenset({"4122", "59100", "59109"})
"""Epic's way to say that it did not use a parameter (fhir.epic.com, "Error and warning codes")."""


def complaint(outcome: dict[str, Any], *, what: str, now: datetime) -> ConnectorError | None:
    """The error an OperationOutcome stands for; None when it only warns or informs."""
    for issue in issues(outcome):
        if issue.get("severity") not in ("error", "fatal"):
            continue
        code = str(issue.get("code", ""))
        if code == "throttled":
            return RateLimited(f"{what}: asked too often", until=now + WAIT)
        if code in REFUSED:
            return ScopeMissing(f"{what}: not permitted")
        if code in LATER:
            return Unavailable(f"{what}: the source reports a failure")
        return Malformed(f"{what}: the source answered with an error")
    return None


def issues(outcome: dict[str, Any]) -> list[dict[str, Any]]:
    """The issues of an OperationOutcome, whatever shape it has."""
    found = outcome.get("issue")
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def codes(outcome: dict[str, Any]) -> set[str]:
    """The detail codes of all issues ("4119")."""
    found: set[str] = set()
    for issue in issues(outcome):
        details = issue.get("details")
        codings = details.get("coding") if isinstance(details, dict) else None
        for coding in codings if isinstance(codings, list) else []:
            if isinstance(coding, dict):
                found.add(str(coding.get("code", "")))
    return found
