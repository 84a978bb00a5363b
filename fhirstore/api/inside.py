"""The FHIR API asked from inside the process, by pages: the same routes, scopes, audit and answers
as over HTTP, without a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

from accounts import audit
from accounts.access import Access
from accounts.scopes import permits
from fhirstore.api import routes
from fhirstore.api.answered import answered
from fhirstore.api.call import Answer, Call
from fhirstore.api.printable import printable
from fhirstore.errors import Forbidden, MethodNotAllowed

EXPORT = "export"
"""A read that leaves something behind; not for pages that may be loaded again."""


def ask(
    *,
    access: Access,
    version: str,
    prefix: str,
    path: str,
    query: str,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """What `GET {prefix}{path}?{query}` answers to `access`. `prefix` is "/fhir/{version}" or
    "/{version}"; `path` begins with a slash or is empty; `headers` by lower-case name. Errors are
    answers too. Only what changes nothing can be asked, and every call is audited like one over
    HTTP.
    """
    return answered(
        lambda: _ask(
            Call(
                access=access,
                version=version,
                prefix=prefix,
                now=now,
                query=printable(query),
                headers=headers or {},
            ),
            unquote(path),
        )
    )


def _ask(call: Call, path: str) -> Answer:
    interaction, named = routes.resolve("GET", path, call.query)
    if not interaction.read_only or interaction.name == EXPORT:
        raise MethodNotAllowed("this address changes something and is not read here", allowed=())
    if interaction.name:
        touched = "*" if interaction.any_type else named.get("rtype", "*")
        permitted = permits(call.access.scope, touched, interaction.name)
        audit.record(
            call.access,
            interaction=interaction.name,
            resource_type=touched,
            resource_id=named.get("fid", ""),
            outcome=audit.GRANTED if permitted else audit.REFUSED,
            now=call.now,
        )
        if not permitted:
            raise Forbidden(f"the scope does not permit {interaction.name} of {touched}")
    return interaction.perform(Call(**{**vars(call), **named}))
