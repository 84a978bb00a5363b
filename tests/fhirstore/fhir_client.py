"""An app's view of the FHIR API: Django's test client with a token, answers parsed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.test import Client

from fhirstore.writes import put_many


class Fhir:
    """Calls with one user's token. `last` is the latest response; `owner` the user's number."""

    def __init__(self, token: str, owner: int, now: datetime) -> None:
        self.owner, self.now = owner, now
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = Client(raise_request_exception=False)
        self.last: Any = None

    def call(
        self, method: str, path: str, body: Any = None, *, expect: int | None = 200, **headers: str
    ) -> Any:
        """The parsed answer of a call; headers by names like `prefer` or `if_match`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        path = path.removeprefix(settings.PUBLIC_BASE_URL)
        data = body if isinstance(body, str | bytes) else json.dumps(body) if body else b""
        kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
        self.last = self.http.generic(
            method, path, data, content_type=kind, headers={**self.headers, **sent}
        )
        if expect is not None:
            assert self.last.status_code == expect, (self.last.status_code, self.last.content)
        return json.loads(self.last.content) if self.last.content else None

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> Any:
        return self.call("POST", path, body, **more)

    def put(self, path: str, body: Any, **more: Any) -> Any:
        return self.call("PUT", path, body, **more)

    def delete(self, path: str, **more: Any) -> Any:
        return self.call("DELETE", path, **more)

    def store(self, version: str, *resources: dict[str, Any]) -> None:
        """Put resources in the user's store, ids as they are."""
        put_many(owner=self.owner, version=version, resources=resources, now=self.now)


def ids(bundle: dict[str, Any]) -> list[str]:
    """The ids of a Bundle's matches, in order."""
    return [
        entry["resource"]["id"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] != "OperationOutcome"
    ]


def link(bundle: dict[str, Any], relation: str) -> str | None:
    """The url of a Bundle's link, None where it has none."""
    return next((x["url"] for x in bundle.get("link", ()) if x["relation"] == relation), None)


def observation(ident: str, **more: Any) -> dict[str, Any]:
    """A small Observation that every version takes."""
    return {"resourceType": "Observation", "id": ident, "status": "final", **more}
