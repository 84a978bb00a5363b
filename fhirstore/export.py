"""Bulk export: which files an export has, and their content (wire contract 15.1).

An export that is asked for with `respond-async` is planned type by type, by whoever asks for its
status: each answer does a piece and keeps it, so nothing runs that nobody waits for, and a server
that is killed meanwhile loses one piece.

Nothing is copied: an export is a row that says which part of which type each file holds, and a file
is read from the store while it is downloaded. So it lies on no disk, an erasure holds for it too,
and it needs no shared folder between servers.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from time import monotonic
from typing import Any

from accounts.digests import digest
from fhirstore.export_deleted import Deletions
from fhirstore.keys import compartment_key
from fhirstore.models import Export
from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.definitions import types
from fhirstore.versions import as_served

LIFE = timedelta(hours=24)
LARGEST = 50_000
"""Resources in one file."""
SETTLED = timedelta(seconds=10)
"""How far `transactionTime` lies back: a change that was begun before it has been committed by now,
so that one export `_since` the other misses nothing."""

_NEVER = ("AuditEvent",)
DELETED_FOLDER = "deleted"
DELETED = "deleted:"
"""How the file of deletions is called in place of a type; the types follow."""
_CHUNK = 100


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is exported: what a scope may see, of these types (None: all), changed since, in the
    compartments of these patients (ids; None: whatever)."""

    scope: Scope
    rtypes: Sequence[str] | None = None
    since: datetime | None = None
    patients: Sequence[str] | None = None

    @cached_property
    def _seen(self) -> tuple[str, dict[str, Any]]:
        binder = Binder()
        return sight.seen_of_any(self.scope, binder, rtypes=self.rtypes, letters="s"), binder.values

    def types(self) -> list[str]:
        """The types that are exported."""
        rtypes = sorted(types(self.scope.version)) if self.rtypes is None else self.rtypes
        return [name for name in rtypes if name not in _NEVER]

    def values(self) -> dict[str, Any]:
        """What `source` binds."""
        return {
            **self.scope.owners.values(),
            **self._seen[1],
            "rtypes": [NUMBERS[name] for name in self.types()],
            "since": self.since,
            "compartments": [compartment_key(f"Patient/{fid}") for fid in self.patients or ()],
        }

    def source(self) -> str:
        """The rows `r`, of several owners those that count as one once, as a from clause with a
        condition at its end.
        """
        owners = self.scope.owners
        found = (
            f"fhir_resource r where {owners.own('r')}"
            f" and r.rtype = any(%(rtypes)s::smallint[]) and (r.vers & {self.scope.bit}) <> 0"
        )
        if self.since is not None:
            found += " and r.updated >= %(since)s::timestamptz"
        if self.patients is not None:
            found += (
                " and (r.owner, r.rtype, r.rid) in (select g.owner, g.sys, g.rid from fhir_token g"
                f" where {owners.own('g')} and g.key = any(%(compartments)s::bigint[])"
                f" and (g.vers & {self.scope.bit}) <> 0)"
            )
        found += self._seen[0]
        if not owners.several:
            return found
        once, first = owners.once()
        columns = "r.owner, r.rtype, r.rid, r.fid, r.vers, r.body"
        return f"(select distinct on ({once}) {columns} from {found} order by {first}) r where true"


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of an export, by its token. `deleted`: it holds Bundles of deletions, and lies under
    another name than files of Bundles."""

    rtype: str
    token: str
    deleted: bool = False

    @property
    def folder(self) -> str:
        """The part of its address before the token."""
        return DELETED_FOLDER if self.deleted else self.rtype


def start(
    *,
    wanted: Wanted,
    application: int,
    app_user: int | None,
    request: str,
    now: datetime,
    plan: bool = True,
) -> str:
    """Keep an export for a day; answers its token. `plan` False: its files are planned by `go_on`,
    among them one of what was deleted since. Earlier ones that have run out are forgotten.
    """
    token = secrets.token_urlsafe(32)
    sweep(now=now)
    unplanned = [[name] for name in sorted(wanted.types())]
    if wanted.since is not None:
        unplanned.append([DELETED + ",".join(sorted(wanted.types()))])
    Export.objects.create(
        digest=digest(token),
        application=application,
        app_user=app_user,
        version=wanted.scope.version,
        since=wanted.since,
        request=request,
        made=now,
        expires=now + LIFE,
        files=list(_files(wanted)) if plan else unplanned,
        patients=None if wanted.patients is None else list(wanted.patients),
    )
    return token


def sweep(*, now: datetime) -> int:
    """Forget the exports that have run out; answers how many."""
    return Export.objects.filter(expires__lte=now).delete()[0]


def unplanned(export: Export) -> list[str]:
    """The types whose files are not planned yet."""
    return [file[0] for file in export.files if len(file) == 1]


def go_on(export: Export, scope: Scope, *, seconds: float) -> None:
    """Plan the files of more types, at least one and for so long. Where somebody else did so
    meanwhile, that holds."""
    until = monotonic() + seconds
    files = list(export.files)
    while rtypes := [file[0] for file in files if len(file) == 1]:
        place = files.index(rtypes[:1])
        if gone := _deletions(export, rtypes[0], scope):
            files[place:] = [[rtypes[0], None, None]] if gone.there_are() else []
        else:
            files[place : place + 1] = _files(_of(export, rtypes[0], scope))
        if monotonic() > until:
            break
    still = Export.objects.filter(pk=export.pk, files=export.files)
    if still.update(files=files):
        export.files = files
    else:
        export.refresh_from_db()


def find(
    token: str, *, version: str, application: int, app_user: int | None, now: datetime
) -> Export | None:
    """The export of a token, for who asked for it, while it lives."""
    return Export.objects.filter(
        digest=digest(token),
        version=version,
        application=application,
        app_user=app_user,
        expires__gt=now,
    ).first()


def files(export: Export, token: str) -> list[File]:
    """The files of an export, whose token the caller knows."""
    found = []
    for number, (rtype, _, _) in enumerate(export.files, start=1):
        gone = rtype.startswith(DELETED)
        name = "Bundle" if gone else rtype
        found.append(File(rtype=name, token=f"{token}-{number}", deleted=gone))
    return found


def split_token(token: str) -> tuple[str, int]:
    """The export's token and the file's number; 0 where it has none."""
    export, _, number = token.rpartition("-")
    known = number.isascii() and number.isdecimal() and len(number) < 9
    return (export, int(number)) if known else (token, 0)


def lines(export: Export, number: int, scope: Scope) -> Iterator[bytes]:
    """The content of a file (counted from 1) as NDJSON, in chunks, streamed from the database.
    `scope`: whose resources, and what of them may be seen."""
    rtype, after, upto = export.files[number - 1]
    if gone := _deletions(export, rtype, scope):
        yield from gone.lines()
        return
    wanted = _of(export, rtype, scope)
    sql = f"select r.vers, r.body from {wanted.source()}"
    bound = wanted.values()
    for name, position, compare in (("after", after, ">"), ("upto", upto, "<=")):
        if position:
            sql += (
                f" and (r.owner, r.fid) {compare} (%({name}_owner)s::bigint, %({name}_fid)s::text)"
            )
            bound |= {f"{name}_owner": position[0], f"{name}_fid": position[1]}
    sql += " order by r.owner, r.fid"
    served = (
        as_served(body=body, vers=vers, version=export.version) + b"\n"
        for vers, body in rows.stream(sql, bound)
    )
    for chunk in _chunks(served):
        yield b"".join(chunk)


def _of(export: Export, rtype: str, scope: Scope) -> Wanted:
    return Wanted(scope=scope, rtypes=[rtype], since=export.since, patients=export.patients)


def _deletions(export: Export, name: str, scope: Scope) -> Deletions | None:
    """What the file of deletions tells; None for the files of a type."""
    if not name.startswith(DELETED) or export.since is None:
        return None
    rtypes = [rtype for rtype in name.removeprefix(DELETED).split(",") if rtype]
    return Deletions(scope=scope, rtypes=rtypes, since=export.since, patients=export.patients)


def _chunks(bodies: Iterable[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    for body in bodies:
        chunk.append(body)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _files(wanted: Wanted) -> Iterator[list[Any]]:
    """[type, after, upto] of each file."""
    counted = rows.select(
        f"select r.rtype, count(*) from {wanted.source()} group by r.rtype", wanted.values()
    )
    for rtype, count in sorted(counted, key=lambda row: NAMES[row[0]]):
        name = NAMES[rtype]
        ends = _ends(wanted, name) if count > LARGEST else []
        for after, upto in zip([None, *ends], [*ends, None], strict=True):
            yield [name, after, upto]


def _ends(wanted: Wanted, rtype: str) -> list[list[Any]]:
    """The positions at which files of one type end, but for the last."""
    one = replace(wanted, rtypes=[rtype])
    sql = f"""
select owner, fid from (
  select r.owner, r.fid, row_number() over (order by r.owner, r.fid) as place,
    count(*) over () as total from {one.source()}) n
where place %% {LARGEST} = 0 and place < total order by place"""
    return [[owner, fid.decode()] for owner, fid in rows.select(sql, one.values())]
