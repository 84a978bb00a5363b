"""What a Subscription may deliver: what the token that wrote it was allowed to read.

A Subscription outlives its token, so the token's scope is kept with the version of the Subscription
that it wrote. Later versions that the server writes itself (its status) go by the latest one of an
app; a version that comes back because those after it were removed goes by its own.
"""

from __future__ import annotations

from accounts.scopes import Sight, sight
from fhirstore import database as db
from fhirstore.changes import FIRST_VERSION, Stored
from fhirstore.keys import VERSION_BITS

_KEY = "owner = %(owner)s and fid = %(fid)s and vers = %(vers)s"
# What an erased Subscription of the same id left behind must not be taken for this one's.
_FORGET = f"delete from fhir_subscription_scope where {_KEY} and version >= %(number)s"
_KEEP = """
insert into fhir_subscription_scope (owner, fid, vers, version, scope)
values (%(owner)s, %(fid)s, %(vers)s, %(number)s, %(scope)s)
"""
_SCOPE = f"""
select scope from fhir_subscription_scope where {_KEY} and version <= %(number)s
order by version desc limit 1
"""


def keep(*, owner: int, version: str, stored: Stored, scope: str) -> None:
    """Remember the scope of the token that wrote this version. Call in the write's transaction."""
    values = _values(owner, version, stored.fid, stored.version_id - FIRST_VERSION)
    cursor = db.cursor()
    cursor.execute(_FORGET, values)
    cursor.execute(_KEEP, {**values, "scope": scope})


def step_back(*, owner: int, vers: int, fid: str, number: int) -> None:
    """Forget the scopes of versions after this one, which were removed."""
    values = {"owner": owner, "fid": fid, "vers": vers, "number": number + 1}
    db.cursor().execute(_FORGET, values)


def sight_of(*, owner: int, version: str, fid: str, number: int) -> Sight:
    """What the Subscription at a version (counted from 0) may deliver; nothing where no token is
    known to have written it."""
    row = db.cursor().execute(_SCOPE, _values(owner, version, fid, number)).fetchone()
    return sight(row[0] if row else "")


def _values(owner: int, version: str, fid: str, number: int) -> dict[str, object]:
    return {"owner": owner, "fid": fid, "vers": VERSION_BITS[version], "number": number}
