"""Which Patient a user is: for pages that offer queries about one."""

from __future__ import annotations

from fhirstore import database as db
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS

_PATIENTS = """
select fid, vers from fhir_resource where owner = %(owner)s and rtype = %(rtype)s
 order by vers desc, updated limit 100
"""


def patient_by_version(*, owner: int) -> dict[str, str]:
    """The id of an owner's Patient in each FHIR version that has one: a hospital's rather than a
    wearable's, which is served in all versions."""
    rows = db.cursor().execute(_PATIENTS, {"owner": owner, "rtype": NUMBERS["Patient"]}).fetchall()
    found: dict[str, str] = {}
    for fid, vers in rows:
        found |= {version: fid for version, bit in VERSION_BITS.items() if vers & bit}
    return found
