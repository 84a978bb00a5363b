"""`GET metadata`, and the bare base (wire contract 12.7)."""

from __future__ import annotations

from fhirstore.api.call import Answer, Call
from fhirstore.capability import statement


def capabilities(call: Call) -> Answer:
    """The CapabilityStatement, in DSTU2 the Conformance."""
    return Answer(body=statement(version=call.version, base=call.base))
