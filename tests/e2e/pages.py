"""Every page there is: its name, its address, who looks at it. Tests and `make screenshots` open
them all.

`{…}` in an address is filled from the world (tests/e2e/world.py). Who: "nobody"; "developer", whose
people are connected; "newcomer", whose account is empty; "staff", the developer in the admin.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """`status` is what the server answers; `sandbox` tells that it is the simulator's own page.
    Where `press` names a button, the fields of `fill` are filled in and it is pressed."""

    name: str
    path: str
    who: str = "nobody"
    status: int = 200
    sandbox: bool = False
    fill: tuple[tuple[str, str], ...] = ()
    press: str = ""


APP = "/console/apps/{app}"
DANCE = (
    "?response_type=code&client_id=careweave-sandbox&redirect_uri=http://127.0.0.1:9/back&state=s"
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
)
SIGN_IN = "/hospital/{hospital}/oauth/authorize" + DANCE
OBSERVATIONS = "/fhir/r4/Observation?code=66334-4"
EXPLAINED = f"{OBSERVATIONS}%26_include=Observation:*%26_explain=true"
REFUSED = f"{OBSERVATIONS}%26date=yesterday"
BUTTON = "main form button"
PAGES = (
    Page("front", "/"),
    Page("sign-up", "/accounts/signup"),
    Page(
        "sign-up-wrong",
        "/accounts/signup",
        fill=(("email", "dev@example.org"), ("password1", "abcdefghi")),
        press="main button.primary",
    ),
    Page("log-in", "/accounts/login"),
    Page(
        "log-in-wrong",
        "/accounts/login",
        fill=(("login", "nobody@example.org"), ("password", "wrong wrong wrong")),
        press="main button.primary",
    ),
    Page("password-reset", "/accounts/password/reset"),
    Page("password-reset-done", "/accounts/password/reset/done"),
    Page("password-reset-used-up", "/accounts/password/reset/key/1-gone"),
    Page("confirmation-sent", "/accounts/confirm-email"),
    Page("confirmation-used-up", "/accounts/confirm-email/gone"),
    Page("account-inactive", "/accounts/inactive"),
    Page("not-found", "/nowhere", status=404),
    Page("log-out", "/accounts/logout", "developer"),
    Page("email-addresses", "/accounts/email", "developer"),
    Page("password-change", "/accounts/password/change", "developer"),
    Page("styleguide", "/console/styleguide", "developer"),
    Page("home-empty", "/console", "newcomer"),
    Page("home-busy", "/console", "developer"),
    Page("home-week", "/console?days=7", "developer"),
    Page("app-new", "/console/apps/new", "newcomer"),
    Page(
        "app-new-wrong",
        "/console/apps/new",
        "newcomer",
        fill=(("name", ""), ("redirect_uris", "http://app.example.org/done#x")),
        press="main form button.primary",
    ),
    Page("credentials", APP, "developer"),
    Page("app-rotate", f"{APP}/secret", "developer"),
    Page("app-name", f"{APP}/name", "developer"),
    Page("app-mode", f"{APP}/mode", "developer"),
    Page("app-delete", f"{APP}/delete", "developer"),
    Page("account", "/console/account", "developer"),
    Page("users", f"{APP}/users", "developer"),
    Page("users-none-found", f"{APP}/users?q=nobody", "developer"),
    Page("user-new", f"{APP}/users/new", "developer"),
    Page("user", f"{APP}/users/{{user}}", "developer"),
    Page("user-parked", f"{APP}/users/{{parked_user}}", "developer"),
    Page("user-deactivate", f"{APP}/users/{{user}}/deactivate", "developer"),
    Page("connections", f"{APP}/connections", "developer"),
    Page("connection", f"{APP}/connections/{{connection}}", "developer"),
    Page("connection-parked", f"{APP}/connections/{{parked_connection}}", "developer"),
    Page("connection-end", f"{APP}/connections/{{connection}}/disconnect", "developer"),
    Page("data-type", f"{APP}/users/{{user}}/data/Observation", "developer"),
    Page("explorer", f"{APP}/explorer", "developer"),
    Page("explorer-answer", f"{APP}/explorer?user={{user}}&q={OBSERVATIONS}", "developer"),
    Page("explorer-json", f"{APP}/explorer?user={{user}}&q={OBSERVATIONS}&view=json", "developer"),
    Page("explorer-nothing", f"{APP}/explorer?user={{user}}&q=/fhir/r4/Basic", "developer"),
    Page("explorer-wrong", f"{APP}/explorer?user={{user}}&q=/fhir/r4/Nonsense", "developer"),
    Page("explorer-explained", f"{APP}/explorer?user={{user}}&q={EXPLAINED}", "developer"),
    Page("explorer-refused", f"{APP}/explorer?user={{user}}&q={REFUSED}", "developer"),
    Page("sandbox", "/console/sandbox", "developer"),
    Page("systems", "/console/systems", "developer"),
    Page("system", "/console/systems/{hospital}", "developer"),
    Page("docs", "/docs"),
    Page("docs-quickstart", "/docs/quickstart"),
    Page("docs-settings", "/docs/settings"),
    Page("docs-found", "/docs?q=token"),
    Page("docs-quickstart-own", "/docs/quickstart", "developer"),
    Page("console-not-found", "/console/nowhere", "developer", status=404),
    Page("admin", "/admin/", "staff"),
    Page("admin-users", "/admin/accounts/appuser/", "staff"),
    Page("admin-applications", "/admin/accounts/application/", "staff"),
    Page("admin-connections", "/admin/connectors/connection/", "staff"),
    Page("admin-find", "/admin/find/?q=sample-014", "staff"),
    Page("admin-connection-found", "/admin/find/?q={connection}", "staff"),
    Page("admin-log-in", "/admin/login/"),
    Page("search", "/search?access_token={token}&client_id={client_id}"),
    Page("search-none", "/search?access_token={token}&client_id={client_id}&q=zzzzzz"),
    Page("search-slip", "/search?access_token={token}&client_id={client_id}&q=michgan"),
    Page("search-waiting", "/search"),
    Page("search-expired", "/search?access_token=gone&client_id={client_id}", status=401),
    Page("marketplace", "/connect/marketplace?access_token={token}&client_id={client_id}"),
    Page("quick-connect", "/connect/{hospital}?access_token={token}&client_id={client_id}"),
    Page("quick-connect-coloured", "/connect/{wearable}?access_token={token}&bg=ff00ff"),
    Page("connect-link-gone", "/connect/session/gone", status=410),
    Page("connect-refused", "/connect/callback?state=unknown&code=x", status=400),
    Page("sandbox-sign-in", SIGN_IN, sandbox=True),
    Page(
        "sandbox-sign-in-wrong",
        SIGN_IN,
        sandbox=True,
        fill=(("username", "fhirjason"), ("password", "wrong")),
        press=BUTTON,
    ),
    Page(
        "sandbox-consent",
        SIGN_IN,
        sandbox=True,
        fill=(("username", "fhirjason"), ("password", "epicepic1")),
        press=BUTTON,
    ),
    Page("sandbox-wearable-sign-in", "/wearable/google/o/oauth2/v2/auth" + DANCE, sandbox=True),
)
