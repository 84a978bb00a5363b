"""A SMART hospital on loopback, as far as the dance needs it: discovery, token and revocation
endpoint. `answers` decides what the token endpoint says; what it was asked is kept.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

GRANT = {
    "access_token": "source-access",
    "refresh_token": "source-refresh",
    "token_type": "Bearer",
    "expires_in": 3600,
    "scope": "patient/*.read offline_access",
    "patient": "p-1",
}


class Source:
    """The server; `status` and `grant` of the token endpoint may be changed at any time."""

    def __init__(self) -> None:
        self.grant: dict[str, Any] = dict(GRANT)
        self.status = 200
        self.up = True
        self.revoke_status = 200
        self.token_calls: list[dict[str, str]] = []
        self.revoked: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base(self) -> str:
        return f"{self.url}/fhir/r4"

    @property
    def authorize_url(self) -> str:
        return f"{self.url}/authorize"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answered(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if not self.up:
            return 503, {}
        if path == "/fhir/r4/.well-known/smart-configuration":
            return 200, {
                "authorization_endpoint": self.authorize_url,
                "token_endpoint": f"{self.url}/token",
                "revocation_endpoint": f"{self.url}/revoke",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "capabilities": ["launch-standalone", "client-public", "permission-v1"],
                "code_challenge_methods_supported": ["S256"],
            }
        if path == "/token":
            self.token_calls.append(form)
            return self.status, self.grant
        if path == "/revoke":
            self.revoked.append(form)
            return self.revoke_status, {}
        return 404, {}


def _handler(source: Source) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._answer(dict(parse_qsl(self.rfile.read(length).decode())))

        def _answer(self, form: dict[str, str]) -> None:
            status, body = source.answered(self.path, form)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
