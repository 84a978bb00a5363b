"""Typed readers of the environment; the only place of the project that touches `os.environ`.

An unset and an empty variable mean the same: the default. A value that does not parse stops the
start with the variable's name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

ON = frozenset({"on", "true", "yes", "1"})
OFF = frozenset({"off", "false", "no", "0"})


def text(name: str, default: str = "") -> str:
    """The value, stripped of white space around it."""
    return os.environ.get(name, "").strip() or default


def choice(name: str, default: str, *others: str) -> str:
    """One of the listed words, in lower case."""
    value = text(name, default).lower()
    if value not in (default, *others):
        raise ImproperlyConfigured(f"{name} must be one of {', '.join((default, *others))}")
    return value


def flag(name: str, default: bool) -> bool:
    """`on` or `off` (also true/false, yes/no, 1/0)."""
    value = text(name, "on" if default else "off").lower()
    if value not in ON | OFF:
        raise ImproperlyConfigured(f"{name} must be on or off")
    return value in ON


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number of at least `minimum`."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}")
    return number


def words(name: str) -> list[str]:
    """A list separated by commas or white space."""
    return text(name).replace(",", " ").split()


def path(name: str, default: Path) -> Path:
    """An absolute path; a relative one counts from the current directory."""
    return Path(os.path.abspath(Path(text(name, str(default))).expanduser()))


def base_url(name: str, default: str) -> str:
    """A URL with scheme and host, without a slash at its end."""
    value = text(name, default).rstrip("/")
    if value and not value.startswith(("http://", "https://")):
        raise ImproperlyConfigured(f"{name} must begin with http:// or https://")
    return value


def for_child(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process we start: ours, and `extra` on top."""
    return {**os.environ, **extra}


def use_our_settings() -> None:
    """Tell Django where its settings are, unless somebody chose others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def let_oauthlib_speak_http() -> None:
    """oauthlib refuses http for everybody or for nobody. Which hosts may be called over http is
    decided by connectors/address_policy.py: loopback and named ones, nothing else.
    """
    os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")
