"""Whose data may this call touch? One function turns a request's credentials into an `Access`; every data call goes through it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a caller may touch (wire contract 7.4, 7.5).

    `app_user_id` is the numeric user (oneup_user_id, the owner of FHIR data) the call acts as; None exactly when `all_users` is set
    (`x-oneup-user-id: client`: every user of the application, reads only). `scope` is the token's scope string, `user/*.*` for client
    headers. `via` says how the caller proved itself: "bearer", "client" or "query".
    """

    application_id: int
    client_id: str
    app_user_id: int | None
    all_users: bool = False
    scope: str = "user/*.*"
    via: str = "bearer"
