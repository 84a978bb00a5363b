"""What the tests of the console's pages share."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.console.crowd import crowd

__all__ = ["browser", "crowd"]


@pytest.fixture
def browser(dana: User) -> Client:
    """Dana's browser, logged in."""
    client = Client(headers={"Accept": "text/html,*/*"})
    client.force_login(dana, backend="django.contrib.auth.backends.ModelBackend")
    return client
