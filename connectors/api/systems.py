"""`/connect/system/clinical` and `/connect/system/device`: what can be connected (wire contract
8.1, 8.2).
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from accounts import clock
from accounts.answers import answer
from accounts.client_auth import authenticate_client
from accounts.parameters import parameters
from connectors.api.call import connect_call
from connectors.catalog.find import enabled_systems
from connectors.catalog.search import PAGE
from connectors.catalog.shown import listed
from connectors.models import CLINICAL, DEVICE
from connectors.refusals import BadFilter

_NUMBER = re.compile(r"[0-9]{1,9}")


@connect_call("GET", "HEAD", "POST")
def clinical_systems(request: HttpRequest) -> HttpResponse:
    return _listed(request, CLINICAL)


@connect_call("GET", "HEAD", "POST")
def devices(request: HttpRequest) -> HttpResponse:
    return _listed(request, DEVICE)


def _listed(request: HttpRequest, kind: str) -> HttpResponse:
    given = parameters(request)
    authenticate_client(given, now=clock.now())
    rows = enabled_systems(kind=kind, system_type=given.get("systemType", ""))
    rows = rows.defer("client_secret")
    if offset := given.get("offset", ""):
        if not _NUMBER.fullmatch(offset):
            raise BadFilter("offset", "a number")
        rows = rows[int(offset) : int(offset) + PAGE]
    return answer([listed(system) for system in rows.iterator()])
