"""EHR platforms as quirk sheets: what differs from the specification, as data.

Sources: the vendors' own developer pages (fhir.epic.com, docs.oracle.com "Millennium Platform
APIs", developer.veradigm.com, bluebutton.cms.gov/developers).
"""

from __future__ import annotations

from dataclasses import dataclass

OLD_JSON = "application/json+fhir, application/fhir+json;q=0.9, application/json;q=0.8"
NEW_JSON = "application/fhir+json, application/json+fhir;q=0.9, application/json;q=0.8"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """One platform. `count` is the page size asked for; `wildcard` is whether `patient/*.read` is
    understood, else every type is listed in the scope.
    """

    slug: str
    accept: str = NEW_JSON
    count: int = 100
    wildcard: bool = True
    headers: tuple[tuple[str, str], ...] = ()


GENERIC = Platform(slug="generic")
EPIC = Platform(slug="epic", accept=OLD_JSON)
CERNER = Platform(slug="cerner", wildcard=False)
ALLSCRIPTS = Platform(slug="allscripts")
NEXTGEN = Platform(slug="nextgen", accept=OLD_JSON)
MEDITECH = Platform(slug="meditech", accept=OLD_JSON)
ECLINICALWORKS = Platform(slug="eclinicalworks", accept=OLD_JSON)
ATHENAHEALTH = Platform(slug="athenahealth")
BLUEBUTTON = Platform(slug="bluebutton", count=50)

PLATFORMS = (
    GENERIC,
    EPIC,
    CERNER,
    ALLSCRIPTS,
    NEXTGEN,
    MEDITECH,
    ECLINICALWORKS,
    ATHENAHEALTH,
    BLUEBUTTON,
)
