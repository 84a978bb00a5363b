"""Another app's client, another app's user, another user of the same app, and nobody at all: on
every address they get what a
stranger gets, never a byte of Alice's data, and change nothing of hers.

Every route of the url configuration and of the FHIR interaction table must be listed here; a new
one makes the first test fail.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from fhirstore.api.routes import ROUTES
from tests.contract.api import App, User
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

CANARY = "Zanzibarova"  # Alice's name: nobody else's answer may hold it
APP_USER_ID = "alice-canary@example.org"

# Route → the calls made on it; {…} are Alice's own things. Parameters ride in the query.
CALLS: dict[str, list[tuple[str, str]]] = {
    "user-management/v1/user": [
        ("GET", "/user-management/v1/user?app_user_id={app_user_id}"),
        ("GET", "/user-management/v1/user?oneup_user_id={n}"),
        ("PUT", "/user-management/v1/user?oneup_user_id={n}&active=false"),
    ],
    "user-management/v1/user/auth-code": [
        ("POST", "/user-management/v1/user/auth-code?oneup_user_id={n}"),
    ],
    "fhir/oauth2/token": [
        ("POST", "/fhir/oauth2/token?grant_type=authorization_code&code={code}"),
        ("POST", "/fhir/oauth2/token?grant_type=refresh_token&refresh_token={refresh_token}"),
    ],
    "oauth2/token": [("POST", "/oauth2/token?grant_type=authorization_code&code={code}")],
    "oauth2/revoke": [("POST", "/oauth2/revoke?token={spare_token}")],
    "oauth2/introspect": [("POST", "/oauth2/introspect?token={spare_token}")],
    "connect/system/clinical": [("GET", "/connect/system/clinical")],
    "connect/system/device": [("GET", "/connect/system/device")],
    "connect/system/clinical/<str:system_id>": [("GET", "/connect/system/clinical/4706")],
    "connect/system/device/<str:system_id>": [("GET", "/connect/system/device/4709")],
    "connect/system/provider": [("GET", "/connect/system/provider?q=epic")],
    "connect/system/provider/search": [("GET", "/connect/system/provider/search?q=epic")],
    "api/search": [("GET", "/api/search?query=epic"), ("POST", "/api/search?query=epic")],
    "api/systems/<str:postal_code>": [("GET", "/api/systems/53593")],
    "api/all-systems": [("GET", "/api/all-systems")],
    "api/clinical/<str:system_id>": [
        ("GET", "/api/clinical/4706?sendRedirectUrlAsResponse=true"),
        ("GET", "/api/clinical/4706"),
    ],
    "search": [
        ("GET", "/search"),
        ("GET", "/search?page={page_mark}"),
        ("POST", "/search?page={page_mark}"),
    ],
    "search/<str:client_id>": [("GET", "/search/{client_id}?page={page_mark}")],
    "connect/marketplace": [
        ("GET", "/connect/marketplace"),
        ("GET", "/connect/marketplace?page={page_mark}"),
    ],
    "connect/<int:system_id>": [
        ("GET", "/connect/4706"),
        ("GET", "/connect/4706?page={page_mark}"),
    ],
    "connect/session/<str:secret>/<str:system_id>": [
        ("GET", "/connect/session/{page_secret}/4706"),
    ],
    "connect/session": [("POST", "/connect/session?oneup_user_id={n}&system_id=4706")],
    "connect/session/<str:secret>": [("GET", "/connect/session/" + "A" * 43)],
    "connect/callback": [("GET", "/connect/callback?code=x&state=x")],
    "connect/choose": [("GET", "/connect/choose")],
    "connect/choose/<str:system_id>": [("POST", "/connect/choose/4706")],
    "connect/api/connections": [
        ("GET", "/connect/api/connections"),
        ("GET", "/connect/api/connections?oneup_user_id={n}"),
    ],
    "connect/api/connections/<str:public_id>": [
        ("GET", "/connect/api/connections/{connection}?oneup_user_id={n}"),
        ("GET", "/connect/api/connections/{connection}"),
        ("DELETE", "/connect/api/connections/{connection}?data=delete"),
    ],
    "connect/api/connections/<str:public_id>/refresh": [
        ("POST", "/connect/api/connections/{connection}/refresh"),
    ],
    "connect/api/connections/<str:public_id>/data": [
        ("DELETE", "/connect/api/connections/{connection}/data"),
    ],
    "connect/api/connections/<str:public_id>/ledger": [
        ("GET", "/connect/api/connections/{connection}/ledger"),
    ],
    "connect/api/on-demand-ingest": [
        ("POST", "/connect/api/on-demand-ingest?oneup_user_id={n}"),
    ],
    "connect/api/data": [("DELETE", "/connect/api/data?confirm={n}&oneup_user_id={n}")],
}

_BULK = "^bulk-data/(?P<version>dstu2|stu3|r4)/\\$export"
CALLS |= {
    f"{_BULK}\\Z": [
        ("GET", "/bulk-data/r4/$export"),
        ("GET", "/bulk-data/dstu2/%24export?_type=Patient"),
    ],
    f"{_BULK}/status/(?P<token>[\\w-]{{1,100}})\\Z": [
        ("GET", "/bulk-data/r4/$export/status/{export}"),
        ("DELETE", "/bulk-data/r4/$export/status/{export}"),
    ],
    f"{_BULK}/(?P<rtype>[A-Za-z]+)/(?P<token>[\\w-]{{1,100}})\\.ndjson\\Z": [
        ("GET", "/bulk-data/r4/$export/Patient/{export}-1.ndjson"),
    ],
    "^bulk-data/": [("GET", "/bulk-data/r4/Patient/{fid}/$export")],
}

# Addresses that hold nobody's data.
WITHOUT_DATA = {
    "healthz",
    "readyz",
    "metrics",
    "connect/theme/<str:name>",
    "",
    "favicon.ico",
    "devconsole",
    "dev/quick-start",
    "patient/user/register",
    "docs",
    "docs/<slug:page>",
}
LIBRARIES = ("admin", "accounts/", "^accounts/")  # Django's admin, and allauth's log-in pages
# Developers' pages: all of them are tried, with Alice's things in the address; as another developer
# in tests/console/test_strangers.py.
CONSOLE = ("console", "console/")

FHIR_CALLS: dict[str, list[tuple[str, str]]] = {
    "/?": [("POST", ""), ("GET", "?_id={fid}"), ("GET", "?_type=Patient,Observation")],
    "/_search": [("POST", "/_search?_id={fid}")],
    "/COMPARTMENT/ID/ANY": [
        ("GET", "/Patient/{fid}/Observation"),
        ("GET", "/Patient/{fid}/Observation?_explain=true"),
        ("GET", "/Patient/{fid}/*"),
    ],
    "/COMPARTMENT/ID/ANY/_search": [("POST", "/Patient/{fid}/Observation/_search")],
    "/metadata": [("GET", "/metadata")],
    "/_history": [("GET", "/_history")],
    "/TYPE/_history": [("GET", "/Patient/_history"), ("GET", "/Patient/_history?_at=2026")],
    "/purge": [("DELETE", "/purge")],
    "/$export": [("GET", "/$export"), ("GET", "/$export?_type=Patient")],
    "/(?P<rtype>Patient)/$export": [("GET", "/Patient/$export")],
    "/(?P<rtype>Group)/ID/$export": [("GET", "/Group/{fid}/$export")],
    "/TYPE": [
        ("GET", "/Patient"),
        ("GET", "/Patient?_id={fid}"),
        ("GET", "/Patient?name=zanzi"),
        ("GET", "/Observation?subject=Patient/{fid}"),
        ("GET", "/Observation?patient={fid}&_count=0"),
        ("GET", "/Observation?_include=*&_include:iterate=*"),
        ("GET", "/Patient?_revinclude=*&_revinclude:iterate=*"),
        ("GET", "/Patient?_id={fid}&_elements=name&_summary=true"),
        ("DELETE", "/Patient?_id={fid}"),
    ],
    "/TYPE/_search": [("POST", "/Patient/_search?_id={fid}")],
    "/TYPE/$lastn": [
        ("GET", "/Observation/$lastn?patient={fid}&code:missing=false"),
        ("POST", "/Observation/$lastn?patient={fid}&code:missing=false"),
    ],
    "/TYPE/$docref": [
        ("GET", "/DocumentReference/$docref?patient={fid}"),
        ("POST", "/DocumentReference/$docref?patient={fid}"),
    ],
    "/TYPE/ID/$everything": [
        ("GET", "/Patient/{fid}/$everything"),
        ("POST", "/Patient/{fid}/$everything"),
        ("DELETE", "/Patient/{fid}/$everything"),
    ],
    "/TYPE/ID": [
        ("GET", "/Patient/{fid}"),
        ("DELETE", "/Patient/{fid}"),
        ("PATCH", "/Patient/{fid}"),
    ],
    "/TYPE/$validate": [("POST", "/Patient/$validate")],
    "/TYPE/ID/$validate": [
        ("GET", "/Patient/{fid}/$validate"),
        ("GET", "/Patient/{fid}/$validate?mode=delete"),
        ("POST", "/Patient/{fid}/$validate"),
    ],
    "/TYPE/ID/_permission/SEER": [
        ("PUT", "/Patient/{fid}/_permission/{n}"),
        ("DELETE", "/Patient/{fid}/_permission/{n}"),
    ],
    "/TYPE/ID/_history": [("GET", "/Patient/{fid}/_history")],
    "/TYPE/ID/_history/VID": [
        ("GET", "/Patient/{fid}/_history/9000000000000"),
        ("DELETE", "/Patient/{fid}/_history/9000000000000"),
    ],
}


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every route of the url configuration but those of libraries."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(entry.pattern)
        if path.startswith(LIBRARIES):
            continue
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and entry.name != "fhir":
            yield path


def is_console(route: str) -> bool:
    return route == CONSOLE[0] or route.startswith(CONSOLE[1])


def fhir_routes() -> Iterator[str]:
    for pattern, _ in ROUTES:
        yield (
            pattern.pattern.replace("(?P<rtype>[A-Za-z]+)", "TYPE")
            .replace("(?P<compartment>[A-Za-z]+)", "COMPARTMENT")
            .replace("(?P<rtype>[A-Za-z]+|\\*)", "ANY")
            .replace("(?P<within>[^/]+)", "ID")
            .replace("(?P<fid>[^/]+)", "ID")
            .replace("(?P<vid>[^/]+)", "VID")
            .replace("(?P<seer>[^/]+)", "SEER")
            .replace("\\$", "$")
        )


def test_every_route_is_tried_below() -> None:
    known = {route for route in routes() if not is_console(route)}
    assert known == set(CALLS) | (WITHOUT_DATA & known)
    assert set(fhir_routes()) == set(FHIR_CALLS)


@dataclass(frozen=True)
class Stranger:
    name: str
    headers: dict[str, str]


@pytest.fixture(scope="module")
def alice(stack: Stack, app: App) -> User:
    """Alice, with a patient of her own in each version and a connection."""
    person = app.user(APP_USER_ID)
    for version in ("dstu2", "stu3", "r4"):
        family: Any = [CANARY] if version == "dstu2" else CANARY
        bodies: list[dict[str, Any]] = [
            {"resourceType": "Patient", "id": "canary", "name": [{"family": family}]},
            {
                "resourceType": "Observation",
                "id": "canary-obs",
                "status": "final",
                "code": {"text": CANARY},
                "subject": {"reference": "Patient/canary"},
            },
        ]
        for body in bodies:
            answer = app.call(
                "POST",
                f"/fhir/{version}/{body['resourceType']}",
                json=body,
                headers=person.bearer,
            )
            assert answer.status_code in (200, 201), answer.text
    browser = Browser(stop_at=stack.redirect_uri)
    browser.open(person.connect_url("clinical", 4706)).sign_in("fhirjason", "epicepic1")
    return person


@pytest.fixture(scope="module")
def own_things(app: App, alice: User) -> dict[str, Any]:
    """What a stranger might have learnt of Alice: ids, a code and tokens that leaked."""
    code = app.call(
        "POST",
        "/user-management/v1/user/auth-code",
        params={"oneup_user_id": alice.number, **app.credentials},
    ).json()["code"]
    spare = app.call(
        "POST",
        "/user-management/v1/user/auth-code",
        params={"oneup_user_id": alice.number, **app.credentials},
    ).json()["code"]
    tokens = app.token(spare)
    (connection,) = alice.get("/connect/api/connections").json()["entry"]
    manifest = alice.get("/bulk-data/r4/$export?_type=Patient").json()
    (file,) = manifest["output"]
    assert CANARY in alice.get(file["url"]).text
    page = app.call("GET", "/search", params={"access_token": alice.access_token}).text
    (page_mark,) = set(re.findall(r"/search\?page=([0-9a-f]+)", page))
    (page_secret,) = set(re.findall(r"/connect/session/([^/\"]+)/[0-9]+", page))
    used = app.call("GET", f"/connect/session/{page_secret}/4706", allow_redirects=False)
    assert used.headers["Location"].startswith("/connect/choose/4706?visit=")
    app.http.cookies.clear()
    return {
        "client_id": app.client_id,
        "app": app.client_id[:12],
        "user": alice.number,
        "rtype": "Patient",
        "page_mark": page_mark,
        "page_secret": page_secret,
        "n": alice.number,
        "app_user_id": APP_USER_ID,
        "fid": "canary",
        "code": code,
        "refresh_token": tokens["refresh_token"],
        "spare_token": tokens["access_token"],
        "connection": connection["id"],
        "export": file["url"].rpartition("/")[2].removesuffix("-1.ndjson"),
        "c": connection["id"],
    }


@pytest.fixture(scope="module")
def strangers(stack: Stack, app: App, own_things: dict[str, Any]) -> list[Stranger]:
    made = json.loads(
        stack.manage(
            "create_client",
            "--email=mallory@example.org",
            "--name=Mallory",
            f"--redirect-uri={stack.redirect_uri}",
            "--json",
        )
    )
    other = App(stack.base_url, made["client_id"], made["client_secret"])
    mallory = other.user("mallory")
    client = {"client_id": other.client_id, "client_secret": other.client_secret}
    return [
        Stranger("nobody", {}),
        Stranger("a wrong token", {"Authorization": "Bearer " + "0" * 40}),
        Stranger("another app", {**client, "x-oneup-user-id": str(own_things["n"])}),
        Stranger("all users of another app", {**client, "x-oneup-user-id": "client"}),
        Stranger("another app's user", mallory.bearer),
        Stranger("another app, wrong secret", {**client, "client_secret": "0" * 40}),
        Stranger("another user of the same app", app.user("bob").bearer),
    ]


def snapshot(alice: User) -> dict[str, Any]:
    """All that Alice has, as she sees it."""
    found: dict[str, Any] = {
        f"{version}/{rtype}": [e["resource"] for e in alice.pages(f"/fhir/{version}/{rtype}")]
        for version in ("dstu2", "stu3", "r4")
        for rtype in ("Patient", "Observation")
        if version != "dstu2"
    }
    found["dstu2/canary"] = [
        alice.get(f"/fhir/dstu2/{where}").json()
        for where in ("Patient/canary", "Observation/canary-obs", "Patient/canary/_history")
    ]
    found["user"] = [
        (row["id"], row["connected_at"])
        for row in alice.get("/connect/api/connections").json()["entry"]
    ]
    return found


def calls() -> Iterator[tuple[str, str, Any]]:
    for entries in CALLS.values():
        for method, path in entries:
            yield method, path, None
    for route in routes():
        if is_console(route):
            path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
            yield "GET", path, None
            yield "POST", path, None
    for prefix in ("/fhir/dstu2", "/stu3", "/fhir/r4"):
        for entries in FHIR_CALLS.values():
            for method, path in entries:
                body = None
                if (method, path) == ("POST", ""):
                    body = {
                        "resourceType": "Bundle",
                        "type": "batch",
                        "entry": [
                            {"request": {"method": "GET", "url": "Patient/{fid}"}},
                            {"request": {"method": "DELETE", "url": "Patient/{fid}"}},
                        ],
                    }
                yield method, prefix + path, body


def test_no_stranger_reads_or_changes_anything_of_alice(
    app: App, alice: User, own_things: dict[str, Any], strangers: list[Stranger]
) -> None:
    before = snapshot(alice)
    assert CANARY in json.dumps(before["r4/Patient"])
    tried = 0
    for stranger in strangers:
        for method, template, body in calls():
            path = template.format_map(defaultdict(lambda: "1", own_things))
            sent = json.loads(json.dumps(body).replace("{fid}", "canary")) if body else None
            answer = app.call(
                method, path, headers=stranger.headers, json=sent, allow_redirects=False
            )
            where = f"{stranger.name}: {method} {template} → {answer.status_code}"
            page = answer.text.replace(
                path.partition("?")[0], ""
            )  # an error page names its address
            assert CANARY not in page, where
            assert own_things["connection"] not in page, where
            assert APP_USER_ID not in page, where
            assert answer.status_code < 500, where
            if "oneup_user_id={n}" in template or "{connection}" in template:
                told = answer.json() if "json" in answer.headers["Content-Type"] else {}
                assert not told.get("success") or told.get("entry") == [], where
            tried += 1
    assert tried > 300
    assert snapshot(alice) == before


def test_a_leaked_code_and_tokens_still_work_for_their_own_app(
    app: App, own_things: dict[str, Any]
) -> None:
    """The strangers' tries neither used up the code nor revoked the tokens."""
    assert app.token(own_things["code"])["access_token"]
    answer = app.call(
        "GET",
        "/fhir/r4/Patient/canary",
        headers={"Authorization": f"Bearer {own_things['spare_token']}"},
    )
    assert answer.status_code == 200


def test_a_missing_resource_and_a_strangers_look_the_same(
    app: App, alice: User, own_things: dict[str, Any]
) -> None:
    bob = app.user("bob-2")
    for version in ("dstu2", "stu3", "r4"):
        foreign = bob.get(f"/fhir/{version}/Patient/canary")
        missing = bob.get(f"/fhir/{version}/Patient/absent")
        assert foreign.status_code == missing.status_code == 404
        shape = [json.loads(a.text.replace("absent", "canary")) for a in (foreign, missing)]
        for outcome in shape:
            outcome.pop("id", None)
        assert shape[0] == shape[1]
