"""`/connect/system/provider`: the directory as FHIR organizations (wire contract 8.6)."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import clock
from accounts.answers import answer
from accounts.client_auth import authenticate_client
from accounts.parameters import parameters
from connectors.api.call import connect_call
from connectors.api.caller import bearer_access, bearer_of
from connectors.catalog.search import PAGE, plain_query, search_systems
from connectors.catalog.shown import organization
from connectors.models import CLINICAL
from connectors.refusals import BadFilter

_NUMBER = re.compile(r"[0-9]{1,9}")
_PATH = "/connect/system/provider/search"


@connect_call("GET", "HEAD")
def providers(request: HttpRequest) -> HttpResponse:
    """A Bundle of 20 that match `q` or `query`, from `_skip` on; for a user's token, in the header
    or the query, or a client's credentials.
    """
    given = parameters(request)
    now = clock.now()
    token = bearer_of(request) or _query_token(request)
    if token:
        bearer_access(token, client_id=None, now=now)
    else:
        authenticate_client(given, now=now)
    query = plain_query(given.get("q") or given.get("query", ""))
    skip = given.get("_skip", "") or "0"
    if not _NUMBER.fullmatch(skip):
        raise BadFilter("_skip", "a number")
    found = search_systems(query=query, kind=CLINICAL, offset=int(skip))
    pages = {"self": int(skip), **({"next": int(skip) + PAGE} if found.more else {})}
    base = settings.HOSTS["api"]
    return answer(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": [
                {
                    "relation": relation,
                    "url": f"{base}{_PATH}?{urlencode({'q': query, '_skip': first})}",
                }
                for relation, first in pages.items()
            ],
            "entry": [
                {
                    "fullUrl": f"{base}/connect/system/clinical/{system.pk}",
                    "resource": organization(system),
                }
                for system in found.systems
            ],
        }
    )


def _query_token(request: HttpRequest) -> str:
    return request.GET.get("access_token", "") if settings.CONNECT_URL_TOKEN == "accept" else ""
