"""`Prefer: return=...`: what the answer to a write holds. The resource, unless something else is
asked for (wire contract 12.7)."""

from __future__ import annotations

import re
from dataclasses import replace

import orjson

from fhirstore import outcome
from fhirstore.api.call import Answer, Call

_RETURN = re.compile(r'(?:^|[,;\s])return\s*=\s*"?(minimal|representation|operationoutcome)\b')


def returned(call: Call, made: Answer, *, text: str) -> Answer:
    """The answer to a write, in the form the caller prefers: as it is, without a body, or with an
    OperationOutcome that says `text`."""
    wanted = _RETURN.search(call.headers.get("prefer", "").lower())
    if wanted is None or wanted[1] == "representation":
        return made
    if wanted[1] == "minimal":
        return replace(made, body=b"")
    said = outcome.outcome(severity="information", code="informational", text=text)
    return replace(made, body=orjson.dumps(said))
