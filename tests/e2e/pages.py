"""Every page there is: its name, its address, who looks at it. Tests and `make screenshots` open
them all.

`{…}` in an address is filled from the world (tests/e2e/world.py). Who: "nobody"; "developer", whose
people are connected; "newcomer", whose account is empty; "staff", the developer in the admin.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """`status` is what the server answers; `sandbox` tells that it is the simulator's own page."""

    name: str
    path: str
    who: str = "nobody"
    status: int = 200
    sandbox: bool = False


APP = "/console/apps/{app}"
PAGES = (
    Page("front", "/"),
    Page("sign-up", "/accounts/signup"),
    Page("log-in", "/accounts/login"),
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
    Page("console-not-found", "/console/nowhere", "developer", status=404),
    Page("admin", "/admin/", "staff"),
    Page("admin-users", "/admin/accounts/appuser/", "staff"),
    Page("admin-applications", "/admin/accounts/application/", "staff"),
    Page("admin-connections", "/admin/connectors/connection/", "staff"),
    Page("admin-log-in", "/admin/login/"),
)
