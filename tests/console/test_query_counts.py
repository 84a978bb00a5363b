"""The pages of home, applications and systems cost the same few statements however much there is:
counted at 1,000 users and 100,000 resources."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.catalog.load import load_catalogue
from tests.console.crowd import Crowd, statements

pytestmark = pytest.mark.django_db
FRAME = 9
"""Session, developer, clock, and what the sidebar shows."""


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/console", FRAME + 6),
        ("/console?days=30", FRAME + 6),
        ("/console?steps=1", FRAME + 7),
        ("/console/account", FRAME + 1),
        ("/console/apps/new", FRAME),
        ("/console/apps/{slug}", FRAME + 4),
        ("/console/apps/{slug}/secret", FRAME + 1),
        ("/console/apps/{slug}/mode", FRAME + 1),
        ("/console/apps/{slug}/name", FRAME + 1),
        ("/console/apps/{slug}/delete", FRAME + 4),
        ("/console/apps/{slug}/users/{user}/arrived", FRAME + 6),
        ("/console/systems", FRAME + 3),
        ("/console/systems?q=epic&kind=hospitals", FRAME + 4),
        ("/console/systems/4706", FRAME + 3),
    ],
)
def test_a_page_sends_at_most_so_many_statements(crowd: Crowd, path: str, most: int) -> None:
    load_catalogue(sandbox_url="http://127.0.0.1:9")
    browser = crowd.browser()
    address = path.format(slug=crowd.slug, user=crowd.users[500].pk)
    browser.get(address)  # the first visit also remembers the app
    answers: list[Any] = []
    sent = statements(lambda: answers.append(browser.get(address)))
    assert answers[0].status_code == 200
    assert 0 < sent <= most
