"""System checks, called as Django calls them."""

from __future__ import annotations

import pytest
from django.test import override_settings

from config.checks import mails_are_sent

CONSOLE = "django.core.mail.backends.console.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("production", "backend", "found"),
    [(True, CONSOLE, ["config.W002"]), (True, SMTP, []), (False, CONSOLE, [])],
)
def test_production_is_warned_of_mails_in_the_log(
    production: bool, backend: str, found: list[str]
) -> None:
    with override_settings(PRODUCTION=production, EMAIL_BACKEND=backend):
        assert [message.id for message in mails_are_sent()] == found
