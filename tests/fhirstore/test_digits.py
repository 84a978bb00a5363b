from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirstore import database, digits
from fhirstore.writes import update
from tests.fhirstore.store import ALICE, NOW, bodies, hospital, take_in

NUMBERS = [
    "1.10",
    "1.0",
    "0.00001",
    "1e2",
    "1.5E-7",
    "-0",
    "-0.0",
    "12345678901234567890",
    "100",
    "72.5",
    "0.1234567890123456789",
]


DEEP = b'{"a":' * 300 + b"1" + b"}" * 300


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_printed_as_it_was_written(number: str) -> None:
    text = f'{{"value":{number},"list":[{number},1]}}'.encode()

    assert digits.dumps(digits.loads(text)) == text


@given(
    st.decimals(allow_nan=False, allow_infinity=False)
    .map(str)
    .filter(lambda d: "E" not in d or "." in d)
)
def test_any_decimal_is_printed_as_it_was_written(number: str) -> None:
    text = f'{{"value":{number}}}'.encode()

    assert digits.dumps(digits.loads(text)) == text


@pytest.mark.parametrize("text", [b'{"a":NaN}', b'{"a":"\\ud800"}', b'{"a":1.10', b"\xff", DEEP])
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        digits.loads(text)


@pytest.mark.django_db
@pytest.mark.parametrize("number", NUMBERS)
def test_a_stored_resource_keeps_its_digits(number: str) -> None:
    raw = (
        f'{{"resourceType":"Observation","id":"O1","valueQuantity":{{"value":{number}}}}}'.encode()
    )

    take_in(raw, source=hospital())

    assert f'"value":{number}'.encode() in _stored_bodies()


@pytest.mark.django_db
def test_an_apps_write_keeps_its_digits() -> None:
    body = digits.loads(b'{"resourceType":"Observation","valueQuantity":{"value":7.10}}')

    stored = update(owner=ALICE, version="r4", rtype="Observation", fid="o", body=body, now=NOW)

    assert b'"value":7.10' in stored.body
    assert "Observation/o" in bodies(version="r4")


def _stored_bodies() -> bytes:
    rows = database.cursor().execute("select convert_to(body, 'UTF8') from fhir_resource")
    return b"\n".join(row[0] for row in rows)
