"""Resources as JSON text in which a number keeps its digits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def text_of(value: Any) -> str:
    """JSON of a resource whose numbers are Decimal."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{text_of(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def read_text(text: str | bytes) -> Any:
    """Parsed JSON, numbers as Decimal."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)
