"""A WSGI application that answers `/{seconds}/{anything}` after so long with the path and the body
it was sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    body = path.encode() + environ["wsgi.input"].read()
    time.sleep(float(path.split("/")[1]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
