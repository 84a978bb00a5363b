from __future__ import annotations

import io
import json
import logging

import pytest

from config import logs


@pytest.fixture
def lines() -> list[str]:
    return []


def log(text: str, *args: object, **extra: object) -> str:
    """What a handler of the shipped configuration writes for this call."""
    record = logs.CleanRecord("t", logging.INFO, "f.py", 1, text, args, None)
    for name, value in extra.items():
        record.__dict__[name] = value  # as Logger.makeRecord does
    return formatted(record)


def formatted(record: logging.LogRecord) -> str:
    stream = io.StringIO()
    configured = logging.config.DictConfigurator(logs.CONFIG)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(configured.configure_formatter(configured.config["formatters"]["json"]))
    handler.handle(record)
    return stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "GET /connect/system/clinical/4706?client_id=1&access_token=S3CRET",
        "GET /x?access_token=S3CRET&state=S3CRET",
        "next=%2Fx%3Faccess_token%3DS3CRET",
        "client_secret=S3CRET&code=S3CRET",
        '{"access_token": "S3CRET", "refresh_token":"S3CRET"}',
        '"{\\"refresh_token\\": \\"S3CRET\\"}"',
        "{'client_secret': 'S3CRET'}",
        "Authorization: Bearer S3CRET",
        "{'Authorization': 'Bearer S3CRETS3CRET'}",
        "authorization: Basic UzNDUkVU S3CRET",
        "client_secret: S3CRET",
        "Cookie: sessionid=S3CRET; a=S3CRET",
        "GET /connect/session/S3CRET 200",
        "POST /connect/push/withings/S3CRET?a=1",
        "postgres://user:S3CRET@host/name",
    ],
)
def test_a_secret_is_stripped(text: str) -> None:
    written = log(text)
    assert "S3CRET" not in written
    assert logs.DOTS in json.loads(written)["message"]


@pytest.mark.parametrize(
    "text",
    [
        "GET /fhir/r4/Observation 200 1042 bytes 12 ms",
        "connection 12 answered 429",
        "status_code=404",
        "GET /connect/session 200",
        "see http://127.0.0.1:8000/readyz",
    ],
)
def test_plain_text_stays(text: str) -> None:
    assert json.loads(log(text))["message"] == text


def test_arguments_are_filled_in_and_cleaned() -> None:
    assert "S3CRET" not in log("asked %s with %s", "/x?code=S3CRET", {"password": "S3CRET"})


def test_arguments_that_do_not_fit_do_not_fail_the_caller() -> None:
    assert "S3CRET" not in log("asked %d", "access_token=S3CRET")


def test_extra_values_are_cleaned() -> None:
    written = log("refused", url="/x?access_token=S3CRET", connection=12)
    assert "S3CRET" not in written
    assert json.loads(written)["connection"] == 12


def test_an_object_is_named_and_not_written_out() -> None:
    written = json.loads(log("failed", request=object()))
    assert written["request"] == "object"


def test_a_traceback_is_cleaned_before_any_handler() -> None:
    try:
        raise ValueError("no answer from https://x/token?client_secret=S3CRET")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
        record = logs.CleanRecord("t", logging.ERROR, "f.py", 1, "failed", (), info)
    assert record.exc_info is None
    written = formatted(record)
    assert "S3CRET" not in written
    assert "Traceback" in written


@pytest.mark.parametrize(
    "text",
    [
        "null value\nDETAIL:  Failing row contains (1, S3CRET\n\nS3CRET).",
        "duplicate key\nDETAIL:  Key (owner, fid)=(1, S3CRET) already exists.",
        'bad\nCONTEXT:  COPY fhir_resource, line 3, column body: "S3CRET"',
        'invalid input syntax for type bigint: "S3CRET"',
    ],
)
def test_what_the_database_tells_of_a_row_is_not_logged(text: str) -> None:
    try:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise RuntimeError(text) from error
    except RuntimeError as error:
        info = (RuntimeError, error, error.__traceback__)
        record = logs.CleanRecord("t", logging.ERROR, "f.py", 1, "failed", (), info)
    written = formatted(record)
    assert "S3CRET" not in written
    assert written.count("Traceback") == 2, "where it happened is told all the same"
    assert text[:3] in written


def test_every_logger_makes_clean_records() -> None:
    assert logging.getLogRecordFactory() is logs.CleanRecord
