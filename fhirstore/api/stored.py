"""What the store says of one resource, told in FHIR's words: answers of a version, errors by
name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from accounts.claims import OWNER
from fhirstore import digits, permissions, writes
from fhirstore.api.call import Answer, Call
from fhirstore.changes import FIRST_VERSION, Stored
from fhirstore.errors import Gone, InvalidRequest, NotFound, Unprocessable
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows
from fhirstore.search.find import visible as sees
from fhirstore.search.membership import compartments
from fhirstore.search.owners import Owners


@contextmanager
def told(call: Call) -> Iterator[None]:
    """Turns the store's errors into FHIR's, naming what the call named."""
    name = f"{call.rtype}/{call.fid}" if call.fid else call.rtype
    try:
        yield
    except writes.NotThere as error:
        raise NotFound(f"{name} is not known") from error
    except writes.Deleted as error:
        raise Gone(f"{name} was deleted", call.version) from error
    except writes.ReadOnly as error:
        if call.rtype == "AuditEvent":
            raise Unprocessable(
                f"{name}: AuditEvents of these subtypes are this server's own record, which apps"
                " read only"
            ) from error
        raise Unprocessable(f"{name} holds data of a wearable and cannot be updated") from error
    except writes.BadId as error:
        raise InvalidRequest(
            "an id has 1 to 64 characters out of A-Z, a-z, 0-9, - and ."
        ) from error


_CURRENT = f"""
select {rows.COLUMNS} from fhir_resource b
where {{own}} and b.rtype = %(rtype)s::smallint and b.fid = %(fid)s::text
  and (b.vers & %(bit)s::smallint) <> 0{{visible}} order by b.updated desc, b.owner limit 1"""


OWN = _CURRENT.format(own=f"b.owner = {OWNER}", visible="")
"""The current row of an id that is the owner's own."""


def current(call: Call, *, own: bool = False) -> tuple[int, Stored]:
    """The resource a call names and whose it is; of all users, the newest. Where the user has none,
    one that another user lets this one see, but for `own`, which is for writes: what a token may
    change is not asked of its sight. Raises NotFound, Gone.
    """
    owners = call.owners()
    row = find(call, owners)
    if row is None and not owners.merged and not own:
        row = _permitted(call, owners)
    if not own:
        _check_sight(call, row)
    if row is not None:
        return row.owner, as_stored(row)
    if owners.merged:
        raise NotFound(f"{call.rtype}/{call.fid} is not known")
    with told(call):
        return call.owner, writes.read(
            owner=call.owner, version=call.version, rtype=call.rtype, fid=call.fid
        )


def as_stored(row: rows.Row) -> Stored:
    """A row as the version of a resource that it is."""
    version_id = FIRST_VERSION + row.version
    return Stored(fid=row.fid, version_id=version_id, updated=row.updated, body=row.body)


def find(call: Call, owners: Owners) -> rows.Row | None:
    """The current row of what a call names, None where there is none."""
    if "\0" in call.fid or call.rtype not in NUMBERS:
        raise NotFound(f"{call.rtype} is not known")
    values = {
        "rtype": NUMBERS[call.rtype],
        "fid": call.fid,
        "bit": VERSION_BITS[call.version],
        **owners.values(),
    }
    visible = owners.visible("b", VERSION_BITS[call.version])
    sql = _CURRENT.format(own=owners.own("b"), visible=visible)
    found = rows.resources(sql, values, version=call.version)
    return found[0] if found else None


def owner_of(call: Call) -> int:
    """Whose history a call asks for: the user's own, or where the user has no such resource that of
    one another user lets this one see; of all users' the newest.
    """
    owners = call.owners()
    row = find(call, owners)
    if row is None and not owners.merged:
        row = _permitted(call, owners)
        _check_sight(call, row)
        return row.owner if row else call.owner
    _check_sight(call, row)
    if row is None:
        raise NotFound(f"{call.rtype}/{call.fid} is not known")
    return row.owner


def _check_sight(call: Call, row: rows.Row | None) -> None:
    """Raises NotFound where the token sees some of the type only, and not this; nor what was
    deleted, of which nobody can tell.
    """
    if call.sight.of(call.rtype, "r") is None:
        return
    if row is not None:
        scope = replace(call.scope(), owners=Owners(numbers=(row.owner,)))
        if sees(rtype=call.rtype, fid=call.fid, scope=scope):
            return
    raise NotFound(f"{call.rtype}/{call.fid} is not known")


def _permitted(call: Call, owners: Owners) -> rows.Row | None:
    wider = permissions.widened(owners, version=call.version)
    return find(call, wider) if wider.seen else None


def visible_versions(call: Call, owner: int) -> Callable[[int, bytes | None], bool]:
    """Tells of the versions (id and body) in the history that `owner_of` named which may be shown.
    Of another user's resource only what was in the compartment of a patient this one may see: it
    may have been somebody else's before. A token that sees some of the type only is shown the
    current version: nobody can tell whether its scopes would have found the ones before.
    """
    allowed = _whole_versions(call, owner)
    if call.sight.of(call.rtype, "r") is None:
        return lambda version_id, body: allowed(body)
    row = find(call, Owners(numbers=(owner,)))
    now = FIRST_VERSION + row.version if row else None
    return lambda version_id, body: version_id == now and allowed(body)


def _whole_versions(call: Call, owner: int) -> Callable[[bytes | None], bool]:
    if call.access.all_users or owner == call.owner:
        return lambda body: True
    seen = permissions.widened(call.owners(), version=call.version).seen
    patients = {f"Patient/{patient}" for other, patient in seen if other == owner}

    def visible(body: bytes | None) -> bool:
        if body is None:
            return False
        if call.rtype == "Patient":
            return f"Patient/{call.fid}" in patients
        # A wearable's Device belongs to its patient too.
        there = compartments(digits.loads(body), call.version, wearable=True)
        return not patients.isdisjoint(there)

    return visible


def etag(version_id: int) -> str:
    return f'W/"{version_id}"'


def last_modified(updated: datetime) -> str:
    at = updated.astimezone(UTC)
    day = f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04}"
    return f"{day} {at.hour:02}:{at.minute:02}:{at.second:02} GMT"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def answer(stored: Stored, *, status: int = 200, location: str = "") -> Answer:
    """A version of a resource with its ETag and Last-Modified."""
    headers = {"ETag": etag(stored.version_id), "Last-Modified": last_modified(stored.updated)}
    if location:
        headers["Location"] = location
    return Answer(status=status, body=stored.body, headers=headers)
