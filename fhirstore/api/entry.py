"""The entries of a batch or transaction, each as a call of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Any

from fhirstore.api.call import Call, Interaction
from fhirstore.errors import InvalidRequest, MethodNotAllowed, NotFound
from fhirstore.search.moments import instant, moments

Resolve = Callable[[str, str, str], tuple[Interaction, Mapping[str, str]]]
"""(method, path below the base) to the interaction and what the path names; raises NotFound or
MethodNotAllowed."""

_CONDITIONS = {
    "ifMatch": "if-match",
    "ifNoneMatch": "if-none-match",
    "ifNoneExist": "if-none-exist",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry. `place`: its position in the Bundle; `condition`: the search that decides which
    resource it is about, None where it names one."""

    place: int
    interaction: Interaction
    call: Call
    full_url: str
    condition: str | None = None

    @property
    def name(self) -> str:
        """ "Type/id"."""
        return f"{self.call.rtype}/{self.call.fid}"


def read_entry(call: Call, row: dict[str, Any], place: int, resolve: Resolve) -> Entry:
    """An entry of the Bundle that is posted by `call`. Raises InvalidRequest, NotFound,
    MethodNotAllowed."""
    request = row.get("request")
    if not isinstance(request, dict):
        raise InvalidRequest("the entry has no request")
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or not isinstance(url, str):
        raise InvalidRequest("the entry's request has no method or no url")
    path, _, query = url.partition("?")
    below = path.removeprefix(call.base).removeprefix(call.full_base).strip("/")
    method = method.upper()
    interaction, named = resolve("GET" if method == "HEAD" else method, f"/{below}", query)
    elsewhere = interaction.name in ("bundle", "purge", "export")
    if elsewhere or (not below and interaction.name != "search"):
        raise NotFound("the entry's url names no resource or type")
    if "seer" in named:  # what it answers is no resource
        raise MethodNotAllowed("a permission is given by a call of its own", allowed=())
    headers = _headers(call, request)
    condition = headers.get("if-none-exist") if interaction.name == "create" else None
    if interaction.name in ("update", "patch", "delete") and not named.get("fid"):
        condition = query
    full_url = row.get("fullUrl")
    return Entry(
        place=place,
        interaction=interaction,
        condition=condition,
        full_url=full_url if isinstance(full_url, str) else "",
        call=replace(
            call,
            query=query,
            form="",
            resource=row.get("resource"),
            headers=headers,
            rtype=named.get("rtype", ""),
            fid=named.get("fid", ""),
            vid=named.get("vid", ""),
            compartment=named.get("compartment", ""),
            within=named.get("within", ""),
            in_bundle=True,
        ),
    )


def _headers(call: Call, request: dict[str, Any]) -> dict[str, str]:
    """The conditions of an entry, and what the whole call prefers."""
    headers = {
        header: str(request[name])
        for name, header in _CONDITIONS.items()
        if isinstance(request.get(name), str)
    }
    since = request.get("ifModifiedSince")
    span = moments(since) if isinstance(since, str) else None
    if span:
        headers["if-modified-since"] = format_datetime(instant(span[0]), usegmt=True)
    if "prefer" in call.headers:
        headers["prefer"] = call.headers["prefer"]
    return headers
