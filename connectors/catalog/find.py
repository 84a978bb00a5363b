"""Which systems there are to connect: the rows an operator enabled (wire contract 8.1)."""

from __future__ import annotations

import re

from django.db.models import QuerySet

from connectors.models import System
from connectors.refusals import NotSetUp, UnknownSystem

_NUMBER = re.compile(r"[0-9]{1,18}")


def enabled_systems(*, kind: str = "", system_type: str = "") -> QuerySet[System]:
    """Enabled systems by id, narrowed by what is not empty."""
    found = System.objects.filter(enabled=True).order_by("pk")
    if kind:
        found = found.filter(kind=kind)
    return found.filter(system_type=system_type) if system_type else found


def system_to_connect(*, system_id: str, kind: str = "") -> System:
    """The system of this id, ready to be connected. Raises `UnknownSystem` and `NotSetUp`."""
    found = enabled_systems(kind=kind)
    system = found.filter(pk=int(system_id)).first() if _NUMBER.fullmatch(system_id) else None
    if system is None:
        raise UnknownSystem
    if not system.configured:
        raise NotSetUp
    return system
