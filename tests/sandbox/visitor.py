"""A person's browser and an app's server at once, over Django's test client."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client

from connectors.sandbox.house import CLIENT_ID, CLIENT_SECRET

CALLBACK = "http://127.0.0.1:8000/connect/callback"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-long"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
HOSPITAL = "/hospital/4706"
GOOGLE = "/wearable/google"
GOOGLE_SCOPE = " ".join(
    f"https://www.googleapis.com/auth/googlehealth.{name}.readonly"
    for name in ("activity_and_fitness", "health_metrics_and_measurements", "sleep")
)
JASON = "Tbt3KuCY0B5PSrJvCu2j-PlK.aiHsu2xUjUM8bWpetXoB"
EMMA = "TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B"


@dataclass
class Visitor:
    """`system` is where they sign in."""

    system: int = 4706
    client: Client = field(default_factory=Client)
    token: str = ""

    @property
    def place(self) -> str:
        """Where the house is."""
        return GOOGLE if self.system == 4709 else f"/hospital/{self.system}"

    @property
    def authorization(self) -> str:
        """Its authorization endpoint."""
        return (
            f"{self.place}/o/oauth2/v2/auth"
            if self.system == 4709
            else (f"{self.place}/oauth/authorize")
        )

    @property
    def tokens(self) -> str:
        """Its token endpoint."""
        return f"{self.place}/token" if self.system == 4709 else f"{self.place}/oauth/token"

    def address(self, **changes: str | None) -> str:
        """The authorization address with some parameters changed, None for left out."""
        scope = GOOGLE_SCOPE if self.system == 4709 else "patient/*.read"
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": CALLBACK,
            "state": "s-1",
            "scope": scope,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "access_type": "offline",
            **changes,
        }
        kept = {name: value for name, value in query.items() if value is not None}
        return f"{self.authorization}?{urlencode(kept)}"

    def sign_in(self, username: str, password: str, **changes: str | None) -> Any:
        """The answer to the sign-in form."""
        form = {"username": username, "password": password}
        return self.client.post(self.address(**changes), form)

    def decide(self, page: Any, *, untick: str = "", **changes: str) -> dict[str, str]:
        """Fill in the consent page and return the query the app gets back."""
        html = page.content.decode()
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
        fields |= dict.fromkeys(re.findall(r'type="checkbox" name="(\w+)"', html), "on")
        fields.pop(untick, None)
        answer = self.client.post(self.address(), {**fields, "decision": "allow", **changes})
        assert answer.status_code == 302, answer.content.decode()
        return dict(parse_qsl(urlsplit(answer["Location"]).query))

    def trade(self, **changes: str) -> Any:
        """A call of the token endpoint."""
        form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **changes}
        return self.client.post(self.tokens, form)

    def trade_code(self, code: str, **changes: str) -> Any:
        """A code for tokens."""
        form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **changes}
        return self.trade(grant_type="authorization_code", **form)

    def connect(self, username: str, password: str, *, untick: str = "") -> dict[str, Any]:
        """The whole dance; returns the token answer."""
        page = self.sign_in(username, password)
        found: dict[str, Any] = self.trade_code(self.decide(page, untick=untick)["code"]).json()
        self.token = found["access_token"]
        return found

    def get(self, path: str, **query: str) -> Any:
        """A data call below /fhir or /v4/users/me."""
        stem = f"{GOOGLE}/v4/users/me" if self.system == 4709 else f"{self.place}/fhir"
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.get(f"{stem}/{path}", query, headers=headers)

    def post(self, path: str, body: object) -> Any:
        """A roll-up."""
        return self.client.post(
            f"{GOOGLE}/v4/users/me/{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def control(self, path: str, body: object) -> Any:
        """A post to the control API."""
        return self.client.post(f"/control/{path}", body, content_type="application/json")

    def all_pages(self, type_: str, patient: str, **query: str) -> list[dict[str, Any]]:
        """Every resource a search finds, `next` followed."""
        found: list[dict[str, Any]] = []
        answer = self.get(type_, patient=patient, **query).json()
        while True:
            found += [e["resource"] for e in answer.get("entry", [])]
            following = [link["url"] for link in answer["link"] if link["relation"] == "next"]
            if not following:
                assert len(found) == answer["total"]
                return found
            parts = urlsplit(following[0])
            headers = {"Authorization": f"Bearer {self.token}"}
            answer = self.client.get(f"{parts.path}?{parts.query}", headers=headers).json()
