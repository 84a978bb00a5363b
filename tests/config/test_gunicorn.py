"""What reaches an application behind the web server we ship, over a real socket (wire contract
3.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.config.web_server import ask, serving


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gunicorn") / "log"


@pytest.fixture(scope="module")
def port(log: Path) -> Iterator[int]:
    with serving("tests.config.echo:application", log=log) as port:
        yield port


def seen(port: int, *headers: tuple[str, str], target: str = "/") -> dict[str, Any]:
    head, _, body = ask(port, target, headers).partition(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0]
    return dict(json.loads(body))


def test_credentials_with_underscores_arrive(port: int) -> None:
    environ = seen(port, ("client_id", "an-id"), ("client_secret", "a-secret"))
    assert (environ["HTTP_CLIENT_ID"], environ["HTTP_CLIENT_SECRET"]) == ("an-id", "a-secret")


@pytest.mark.parametrize("spelling", ["client-id", "Client-Id", "CLIENT_ID", "Client_Id"])
def test_other_spellings_arrive_alike(port: int, spelling: str) -> None:
    assert seen(port, (spelling, "an-id"))["HTTP_CLIENT_ID"] == "an-id"


def test_two_values_in_two_spellings_are_seen_as_two(port: int) -> None:
    environ = seen(port, ("client_id", "one"), ("client-id", "two"))
    assert sorted(environ["HTTP_CLIENT_ID"].split(",")) == ["one", "two"]


@pytest.mark.parametrize(
    "name",
    [
        "x_oneup_user_id",
        "X_Forwarded_Proto",
        "x_forwarded_for",
        "X_Client_Id",
        "client_id_",
        "_client_id",
        "content_length",
        "script_name",
        "path_info",
        "remote_user",
    ],
)
def test_other_names_with_underscores_are_dropped(port: int, name: str) -> None:
    plain, spoofed = seen(port), seen(port, (name, "spoofed"))
    assert "spoofed" not in spoofed.values()
    assert set(spoofed) == set(plain)


def test_a_spoofed_spelling_does_not_join_the_true_header(port: int) -> None:
    environ = seen(port, ("x-oneup-user-id", "7"), ("x_oneup_user_id", "8"))
    assert environ["HTTP_X_ONEUP_USER_ID"] == "7"


@pytest.mark.parametrize("name", ["X-Forwarded-Proto", "X-Forwarded-Ssl", "X-Forwarded-Protocol"])
def test_a_header_does_not_change_the_scheme(port: int, name: str) -> None:
    assert seen(port, (name, "https"))["wsgi.url_scheme"] == "http"


def test_the_access_log_has_the_path_and_not_the_query(port: int, log: Path) -> None:
    seen(port, ("client_secret", "header-secret"), target="/some/path?access_token=query-secret")
    lines = [line for line in log.read_text().splitlines() if "/some/path" in line]
    assert [json.loads(line)["logger"] for line in lines] == ["gunicorn.access"]
    assert "query-secret" not in log.read_text()
    assert "header-secret" not in log.read_text()


@pytest.mark.parametrize(
    "given, limit", [({}, "60s"), ({"STATEMENT_SECONDS": "5"}, "5s")], ids=["default", "given"]
)
def test_statements_of_the_web_server_end(
    tmp_path: Path, given: dict[str, str], limit: str
) -> None:
    with serving("tests.config.limit:application", log=tmp_path / "log", **given) as port:
        answer = ask(port, "/")
    assert f"-c statement_timeout={limit} ".encode() in answer
