"""A WSGI application that answers with how long a statement may take on its database connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from config.settings import DATABASES


def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The start-up options of the connection."""
    body = str(DATABASES["default"]["OPTIONS"].get("options", "")).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
