"""A WSGI application that answers with what reached it, to look at the web server itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """All strings of the WSGI environment as JSON."""
    seen = {name: value for name, value in environ.items() if isinstance(value, str)}
    body = json.dumps(seen).encode()
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
