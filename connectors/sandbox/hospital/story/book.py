"""A person's file, with the stories it takes put in."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from connectors.sandbox.hospital.data import read

Row = dict[str, Any]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?")


@cache
def book(name: str) -> Row:
    """The file of a person, `jason`; shared, not to be changed."""
    told: Row = read(f"people/{name}")
    whole: Row = {}
    for taken in told.pop("stories", ()):
        _add(whole, _moved(read(f"stories/{taken['story']}"), timedelta(weeks=taken["weeks"])))
    _add(whole, told)
    return whole


def _add(whole: Row, more: Row) -> None:
    """Lists grow; of objects and plain values the later one counts."""
    for name, value in more.items():
        if isinstance(value, list) and isinstance(whole.get(name), list):
            whole[name] = [*whole[name], *value]
        elif isinstance(value, dict) and isinstance(whole.get(name), dict):
            whole[name] = {**whole[name], **value}
        else:
            whole[name] = value


def _moved(value: Any, by: timedelta) -> Any:
    """The story some weeks later: every date in it, as value or as name."""
    if isinstance(value, dict):
        return {_moved(name, by): _moved(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, by) for inner in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        if "T" in value:
            return (datetime.fromisoformat(value) + by).isoformat(timespec="minutes")
        return (date.fromisoformat(value) + by).isoformat()
    return value
