"""System checks: what would only be noticed later, at the worst moment, stops the start instead."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from config import env


@register()
def tasks_import(**kwargs: Any) -> list[CheckMessage]:
    """connectors may not import sync; it names a task by its dotted path, which must lead somewhere
    (config.E001)."""
    try:
        found = import_string(settings.FIRST_SYNC_TASK)
    except ImportError as error:
        return [Error(f"FIRST_SYNC_TASK does not import: {error}", id="config.E001")]
    return [] if callable(found) else [Error("FIRST_SYNC_TASK is not callable", id="config.E001")]


@register()
def the_reader_of_scopes_imports(**kwargs: Any) -> list[CheckMessage]:
    """What tells whether a scope means anything (config.E004)."""
    try:
        found = import_string(settings.SCOPE_IS_READABLE)
    except ImportError as error:
        return [Error(f"SCOPE_IS_READABLE does not import: {error}", id="config.E004")]
    if callable(found):
        return []
    return [Error("SCOPE_IS_READABLE is not callable", id="config.E004")]


@register()
def modules_between_the_apps_import(**kwargs: Any) -> list[CheckMessage]:
    """The modules of functions that manage a connection's data and that tell what happened on the
    way to one (config.E002)."""
    named = {
        settings.CONNECTION_DATA: (
            "delete_connection_data",
            "delete_user_data",
            "start_over",
            "resource_counts",
            "request_refresh",
            "sync_interval",
            "ledger",
        ),
        settings.MEMBER_EVENTS: (
            "search_results",
            "system_selected",
            "not_established",
            "authorized",
        ),
    }
    found = []
    for module, names in named.items():
        missing = []
        for name in names:
            try:
                import_string(f"{module}.{name}")
            except ImportError:
                missing.append(name)
        if missing:
            found.append(Error(f"{module} lacks {', '.join(missing)}", id="config.E002"))
    return list(found)


@register()
def keys_fit(**kwargs: Any) -> list[CheckMessage]:
    """Each of TOKEN_ENCRYPTION_KEYS is a Fernet key: 32 bytes in URL-safe base64 (config.E003)."""
    for number, key in enumerate(settings.TOKEN_ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(f"TOKEN_ENCRYPTION_KEYS: key {number} is no Fernet key", id="config.E003")
            ]
    return []


@register()
def retry_exceeds_timeout(**kwargs: Any) -> list[CheckMessage]:
    """A task that runs longer than the queue's `retry` is handed out a second time while it runs
    (config.E004)."""
    if settings.Q_CLUSTER["retry"] > settings.Q_CLUSTER["timeout"]:
        return []
    return [Error("Q_CLUSTER: retry must be above timeout", id="config.E004")]


@register(deploy=True)
def index_key_is_its_own(**kwargs: Any) -> list[CheckMessage]:
    """Without INDEX_KEY the search index hangs on SECRET_KEY, which could then never be changed
    (config.W001)."""
    if settings.PRODUCTION and not env.text("INDEX_KEY"):
        return [Warning("set INDEX_KEY before you ever change SECRET_KEY", id="config.W001")]
    return []


@register()
def mails_are_sent(**kwargs: Any) -> list[CheckMessage]:
    """Where mails are printed, the log holds links that set a new password: fit for a demo only
    (config.W002)."""
    if settings.PRODUCTION and settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        hint = "set EMAIL_URL, for instance smtps://user:password@mail.example.org"
        return [
            Warning(
                "e-mails go to the log, with links that set a new password", hint, id="config.W002"
            )
        ]
    return []
