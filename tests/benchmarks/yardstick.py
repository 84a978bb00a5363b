"""What the web server is measured against: the same questions to the same tables, each in one
prepared statement together with the token's check, and answers spliced by hand. Nothing is parsed,
audited or routed; only what the wire contract needs of a page is there."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader

from fhirstore.rtypes import NUMBERS

OBSERVATION = NUMBERS["Observation"]
PAGE = 50

_TOKEN = """
with t as materialized (
  select t.user_id as owner from accounts_accesstoken t
  join accounts_application a on a.id = t.application_id
  where t.token_checksum = %(digest)s and t.user_id is not null and t.expires > now())
"""
_MATCHES = f"""fhir_resource r where r.owner = t.owner and r.rtype = {OBSERVATION}
  and (r.vers & 4) <> 0"""
# Of one owner that does not depend on a row, so that it is counted once.
_COUNTED = _MATCHES.replace("t.owner", "(select owner from t)")
STATEMENTS = {
    "page": f"""{_TOKEN}
select (select count(*) from {_COUNTED}), b.fid, b.body from t
cross join lateral (select r.rid from {_MATCHES} order by r.fid limit {PAGE + 1}) p
join fhir_resource b on b.owner = t.owner and b.rtype = {OBSERVATION} and b.rid = p.rid
order by b.fid""",
    "newest": f"""{_TOKEN}
select 0, b.fid, b.body from t
cross join lateral (select r.rid from {_MATCHES} order by r.rid desc limit {PAGE + 1}) p
join fhir_resource b on b.owner = t.owner and b.rtype = {OBSERVATION} and b.rid = p.rid
order by p.rid desc""",
    "read": f"""{_TOKEN}
select 0, b.fid, b.body from t
join fhir_resource b on b.owner = t.owner and b.rtype = {OBSERVATION} and b.fid = %(fid)s
  and (b.vers & 4) <> 0""",
}
"""By kind of request. Tokens are 32 hexadecimal digits, so any other thing finds nothing."""


class _Raw(Loader):
    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class Yardstick:
    """Answers on one connection of its own."""

    def __init__(self, url: str, base: str) -> None:
        self._cursor = psycopg.connect(url, autocommit=True).cursor()
        self._cursor.adapters.register_loader("text", _Raw)
        self._base = f'{{"fullUrl":"{base}/fhir/r4/Observation/'.encode()
        self._sql = {kind: sql.encode() for kind, sql in STATEMENTS.items()}

    def answer(self, kind: str, token: bytes, fid: str = "") -> bytes:
        """The body of an answer; empty where the token or the resource is unknown."""
        values: dict[str, Any] = {"digest": sha256(token).hexdigest(), "fid": fid}
        rows = self._cursor.execute(self._sql[kind], values, prepare=True).fetchall()
        if kind == "read":
            return bytes(rows[0][2]) if rows else b""
        entries = b",".join(
            [
                self._base + fid + b'","search":{"mode":"match"},"resource":' + body + b"}"
                for _, fid, body in rows[:PAGE]
            ]
        )
        total = b'"total":%d,' % rows[0][0] if kind == "page" and rows else b""
        link = b',"link":[{"relation":"next","url":"next"}]' if len(rows) > PAGE else b""
        return (
            b'{"resourceType":"Bundle","type":"searchset",'
            + total
            + b'"entry":['
            + entries
            + b"]"
            + link
            + b"}"
        )


def asked(target: str) -> tuple[str, str]:
    """Kind of request and id of a request's path and query."""
    path, _, query = target.partition("?")
    if query:
        return ("newest" if "_sort" in query else "page"), ""
    return "read", path.rpartition("/")[2]
