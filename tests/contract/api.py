"""What an app's server does: the contract's calls by plain HTTP. Remembers every secret it met,
so that a test can look for them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import requests

CALLBACK = "http://localhost:3000/callback"
SECOND_APP_ROOT = "http://localhost:8100/"
_SECRET = re.compile(r'"(?:code|access_token|refresh_token)": ?"([0-9a-f]{32,})"')
_SMALL = 2000  # bytes; answers with secrets are no longer


class App:
    """An app written for the contract, talking to `base` with its own client id and secret."""

    def __init__(self, base: str, client_id: str, client_secret: str) -> None:
        self.base, self.client_id, self.client_secret = base, client_id, client_secret
        self.http = requests.Session()
        self.http.trust_env = False
        self.secrets: set[str] = {client_secret}

    @property
    def credentials(self) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", 30)
        answer = self.http.request(method, path if "://" in path else self.base + path, **kwargs)
        if len(answer.content) < _SMALL:
            self.secrets.update(_SECRET.findall(answer.text))
        return answer

    def create_user(self, app_user_id: str) -> dict[str, Any]:
        answer = self.call(
            "POST",
            "/user-management/v1/user",
            params={"app_user_id": app_user_id, **self.credentials},
        ).json()
        return dict(answer)

    def token(self, code: str) -> dict[str, Any]:
        answer = self.call(
            "POST",
            "/fhir/oauth2/token",
            data={**self.credentials, "code": code, "grant_type": "authorization_code"},
        ).json()
        return dict(answer)

    def user(self, app_user_id: str) -> User:
        """A new user with a token."""
        made = self.create_user(app_user_id)
        assert made["success"], made
        return User(self, made["oneup_user_id"], self.token(made["code"])["access_token"])


class User:
    """One user of an app, with a bearer token."""

    def __init__(self, app: App, number: int, token: str) -> None:
        self.app, self.number, self.access_token = app, number, token

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.app.call("GET", path, headers=self.bearer, **kwargs)

    def connect_url(self, kind: str, system: int, **extra: str) -> str:
        query = {"client_id": self.app.client_id, "access_token": self.access_token, **extra}
        prepared = requests.Request(
            "GET", f"{self.app.base}/connect/system/{kind}/{system}", params=query
        ).prepare()
        assert prepared.url
        return prepared.url

    def pages(self, path: str) -> list[dict[str, Any]]:
        """All entries of a search, its `next` links followed."""
        found: list[dict[str, Any]] = []
        url: str | None = path
        while url:
            bundle = self.get(url).json()
            assert bundle["resourceType"] == "Bundle", bundle
            found.extend(bundle["entry"])
            url = next((x["url"] for x in bundle.get("link", ()) if x["relation"] == "next"), None)
        return found


def wait_for(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first true answer of `condition`, asked four times a second; fails after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.25)
