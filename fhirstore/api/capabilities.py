"""`GET metadata`, and the bare base (wire contract 12.7)."""

from __future__ import annotations

from collections.abc import Mapping

from fhirstore.api.call import Answer, Call
from fhirstore.capability import statement
from fhirstore.errors import FhirError


def capabilities(call: Call) -> Answer:
    """The CapabilityStatement, in DSTU2 the Conformance."""
    return Answer(body=statement(version=call.version, base=call.base, served=served))


def served(method: str, path: str) -> tuple[str, Mapping[str, str]]:
    """The name of the interaction at an address, "" for none, and what its path names."""
    # Here, for the table of addresses holds this very interaction.
    from fhirstore.api.routes import resolve

    try:
        interaction, named = resolve(method, path)
    except FhirError:
        return "", {}
    return interaction.name, named
