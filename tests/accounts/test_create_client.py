from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import clock
from accounts.client_auth import authenticate_client
from accounts.models import Application, User

pytestmark = pytest.mark.django_db
GIVEN = ["--email", "dana@example.org", "--name", "My app", "--redirect-uri", "http://localhost/"]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_client", *arguments, stdout=out)
    return out.getvalue()


def test_json_is_one_object_with_working_credentials() -> None:
    more = ["--redirect-uri", "https://app.example/back"]
    told: dict[str, Any] = json.loads(run(*GIVEN, *more, "--json"))
    application = authenticate_client(told, now=clock.now())
    assert application.name == "My app"
    assert application.mode == "test"
    assert told["redirect_uris"] == ["http://localhost/", "https://app.example/back"]


def test_text_shows_both_and_each_call_makes_a_new_app() -> None:
    for _ in range(2):
        text = run(*GIVEN)
        application = Application.objects.latest("pk")
        assert application.client_id in text
        assert "client_secret" in text
    assert Application.objects.count() == 2
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--email", "nobody"], "valid email"),
        (["--redirect-uri", "ftp://x/"], "https://"),
    ],
)
def test_bad_input_is_told_and_makes_nothing(arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        run(*GIVEN, *arguments)
    assert not Application.objects.exists()


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("create_client", "--help")
    assert "manage.py create_client --email dana@example.org" in capsys.readouterr().out
