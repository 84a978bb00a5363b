"""Structured logs, one JSON object a line on stderr, from which secrets are stripped before any
handler sees them.

A record is cleaned when it is made (a log record factory), so that no handler, error report or
trace can get the original: its message with the arguments filled in, its traceback, and what was
passed as `extra`.
"""

from __future__ import annotations

import logging
import logging.config
import re
import traceback
from typing import Any

DOTS = "•••"
_NAMES = (
    r"access_token|refresh_token|id_token|client_secret|client_assertion|code_verifier|code"
    r"|assertion|password|passwd|secret|state|token|api_key|authorization|cookie|set-cookie"
)
_RULES = (
    # name=value in an address or a form, also percent-encoded once more
    (
        re.compile(rf"(?:\b|(?<=%3F)|(?<=%26))({_NAMES})(=|%3D)[^&\s\"'<>\\)\]]+", re.I),
        rf"\1\2{DOTS}",
    ),
    # "name": "value" in JSON, 'name': 'value' in Python, also with escaped quotes
    (re.compile(rf"(\\?[\"'])({_NAMES})\1(\s*:\s*)\1.*?\1", re.I), rf"\1\2\1\3\1{DOTS}\1"),
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}", re.I), rf"\1 {DOTS}"),
    (
        re.compile(r"\b(authorization|cookie|client[_-]secret)\s*:\s*(?![\"'])[^\r\n]+", re.I),
        rf"\1: {DOTS}",
    ),
    # addresses that are themselves a key
    (re.compile(r"(/connect/session/|/connect/push/[^/\s]+/)[^/?\s\"']+"), rf"\1{DOTS}"),
    (re.compile(r"(\w+://[^/\s:@]*:)[^/\s@]+@"), rf"\1{DOTS}@"),
    # what PostgreSQL tells of a row: values of patients, which may have line breaks
    (
        re.compile(
            r"\b(DETAIL|CONTEXT):  .*?(?=\n\n(?:The above exception|During handling)|\Z)", re.S
        ),
        rf"\1: {DOTS}",
    ),
    (re.compile(r"\b(invalid input (?:syntax|value)[^:\n]*: )\".*"), rf"\1{DOTS}"),
)
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


def redact(text: str) -> str:
    """The text with dots in place of every secret it names."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class CleanRecord(logging.LogRecord):
    """A record whose text is final and clean from the start."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.msg = redact(self._filled_in())
        self.args = ()
        if self.exc_info and self.exc_info[0] is not None:
            self.exc_text = redact("".join(traceback.format_exception(*self.exc_info))).rstrip()
            self.exc_info = None
        # `extra` is written into `__dict__` after this; it passes through here.
        self.__dict__ = _CleanDict(self.__dict__)

    def _filled_in(self) -> str:
        try:
            return super().getMessage()
        except (
            TypeError,
            ValueError,
            KeyError,
        ):  # arguments that do not fit: never the caller's problem
            return f"{self.msg} {self.args!r}"


class _CleanDict(dict[str, Any]):
    """A record's attributes; text that is added later is cleaned on its way in."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, _cleaned(value) if key not in _STANDARD else value)


def _cleaned(value: Any) -> Any:
    """Numbers as they are, text without secrets; of an object (a request, with its whole address)
    only what it is."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(value) if isinstance(value, str) else type(value).__name__


CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "{levelname}{name}{message}",
            "style": "{",
            "timestamp": "at",
            "rename_fields": {"levelname": "level", "name": "logger"},
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django says every 4xx answer again, which the access log has said already.
        "django": {"level": "INFO", "handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        # Anybody can send any host; the access log has the 400.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
        "django-q": {"level": "WARNING", "handlers": [], "propagate": True},
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "INFO", "handlers": [], "propagate": True},
        "oauthlib": {"level": "WARNING"},
        "requests_oauthlib": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
    },
}


def configure(config: dict[str, Any]) -> None:
    """Install the clean records and this configuration (Django's LOGGING_CONFIG; gunicorn calls it
    too)."""
    logging.setLogRecordFactory(CleanRecord)
    logging.config.dictConfig(config)
