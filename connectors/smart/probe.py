"""Does a server really understand `_lastUpdated`? Many list it, or ignore it in silence; only a
question with a known answer tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.answer import check
from connectors.errors import Malformed, ScopeMissing
from connectors.smart.complaint import IGNORED_PARAMETER, codes
from connectors.smart.page_text import cut
from connectors.smart.progress import fhir_instant
from connectors.smart.searchset import Server, link


def understands_updates(
    server: Server, rtype: str, params: Sequence[tuple[str, str]], *, later: datetime
) -> bool:
    """Ask for what changed after `later`, an instant still to come: true when nothing comes, no
    warning says that the parameter was ignored, and the `self` link repeats it.
    """
    asked = [*params, ("_lastUpdated", f"ge{fhir_instant(later)}"), ("_count", "1")]
    response = server.get(f"{server.bases[0]}/{rtype}?{urlencode(asked, safe=':|,')}")
    if response.status_code in (400, 404, 405, 410, 501):
        return False
    try:
        check(response, now=server.now(), what=rtype)
        page = cut(response.content, what=rtype)
    except (Malformed, ScopeMissing):
        return False
    outcomes = [e.value for e in page.entries if e.value.get("resourceType") == "OperationOutcome"]
    if page.members.get("resourceType") != "Bundle" or len(outcomes) < len(page.entries):
        return False
    if any(codes(outcome) & IGNORED_PARAMETER for outcome in outcomes):
        return False
    repeated = parse_qsl(urlsplit(link(page.members, "self") or "").query)
    return any(name == "_lastUpdated" for name, _ in repeated)
