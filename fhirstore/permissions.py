"""Who lets whom see a patient (wire contract 12.9). Rows are rare, so nothing is asked about them
that a user without any would have to pay for: the statement of a search tells on the way whether
there are some, and a read by id looks for them only where the user has no such resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from accounts.models import AppUser, PatientPermission
from fhirstore.database import cursor
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search.owners import Owners

PERMITTED = """exists (select 1 from accounts_patientpermission p
  where p.seer_id = %(owner)s::bigint and p.version = '{version}')"""
"""Whether others let the owner of a statement see something in a version."""

_LEFT = """
select 1 from fhir_resource r where r.owner = %(owner)s and r.rtype = %(patient)s
  and r.fid = %(fid)s and (r.vers & %(bit)s) <> 0
union all
select 1 from fhir_tombstone t where t.owner = %(owner)s and t.rtype = %(patient)s
  and t.fid = %(fid)s and (t.vers & %(bit)s) <> 0 and not t.hidden
"""


def give(*, owner: int, version: str, patient: str, seer: int) -> None:
    """Let another user see the patient. The caller has checked that both are users of one app."""
    PatientPermission.objects.get_or_create(
        owner_id=owner, version=version, patient=patient, seer_id=seer
    )


def take(*, owner: int, version: str, patient: str, seer: int) -> None:
    """Take that sight away again; nothing where there was none."""
    PatientPermission.objects.filter(
        owner_id=owner, version=version, patient=patient, seer_id=seer
    ).delete()


def take_all(*, owner: int, version: str | None = None) -> None:
    """Take all sights of an owner's patients away, in one version or in all."""
    found = PatientPermission.objects.filter(owner_id=owner)
    (found if version is None else found.filter(version=version)).delete()


def take_erased(*, owner: int, patients: Iterable[tuple[str, int]]) -> None:
    """Take the sights of patients away that were erased: of these (id, bits of versions), and of
    those of which nothing is left, not even that they were deleted."""
    found = PatientPermission.objects.filter(owner_id=owner)
    for patient, vers in patients:
        versions = [version for version, bit in VERSION_BITS.items() if vers & bit]
        found.filter(patient=patient, version__in=versions).delete()
    for permission in found:
        left = cursor().execute(
            _LEFT,
            {
                "owner": owner,
                "patient": NUMBERS["Patient"],
                "fid": permission.patient,
                "bit": VERSION_BITS[permission.version],
            },
        )
        if left.fetchone() is None:
            permission.delete()


def is_user_of(application: int, user: int) -> bool:
    """Whether the user belongs to the application."""
    return AppUser.objects.filter(pk=user, application_id=application).exists()


def widened(owners: Owners, *, version: str, patient: str = "") -> Owners:
    """The one owner with what others let it see; with `patient`, as far as that one goes. The same
    object where there is nothing.
    """
    seen = _seen(owners.numbers[0], version, patient)
    return replace(owners, seen=seen) if seen else owners


def _seen(seer: int, version: str, patient: str) -> Sequence[tuple[int, str]]:
    rows = PatientPermission.objects.filter(seer_id=seer, version=version)
    if patient:
        rows = rows.filter(patient=patient)
    return list(rows.order_by("owner_id", "patient").values_list("owner_id", "patient"))
