"""JSON answers of user management, tokens and connect (wire contract 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse

from accounts.refusals import Refused

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def answer(
    body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A JSON answer in UTF-8 that no cache may keep: these bodies hold codes and tokens."""
    content = orjson.dumps(body)
    return HttpResponse(
        content,
        status=status,
        content_type="application/json; charset=utf-8",
        headers={"Content-Length": str(len(content)), **NO_STORE, **(headers or {})},
    )


def refusal(error: Refused) -> HttpResponse:
    """The answer a refused call gets."""
    return answer(error.body, status=error.status, headers=error.headers)
