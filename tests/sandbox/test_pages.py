"""The pages a person sees: plain forms, honest, without script."""

from __future__ import annotations

import re

import pytest

from tests.sandbox.visitor import Visitor


@pytest.mark.parametrize("system", [4706, 4707, 4748, 900010, 4709])
def test_the_sign_in_page_says_that_it_is_simulated(system: int) -> None:
    visitor = Visitor(system=system)
    answer = visitor.client.get(visitor.address())
    html = answer.content.decode()
    assert "Do not enter real data." in html
    assert 'name="username"' in html
    assert 'name="password"' in html
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not re.search(r"<script|<style|style=|\son\w+=", html)


def test_a_wrong_password_says_which_ones_work() -> None:
    page = Visitor().sign_in("fhirjason", "guess")
    assert "fhirjason / epicepic1" in page.content.decode()
    assert "<title>Error: " in page.content.decode()


def test_an_unknown_name_leads_to_the_people_below() -> None:
    page = Visitor(system=4707).sign_in("nobody", "guess").content.decode()
    assert "Choose a test person below." in page
    assert 'name="person" value="wilmasmart"' in page


def test_what_was_typed_is_shown_again_and_harmless() -> None:
    page = Visitor().sign_in('"><script>alert(1)</script>', "x").content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_test_person_can_be_picked() -> None:
    visitor = Visitor()
    page = visitor.client.post(visitor.address(), {"person": "fhiremma"})
    assert "Signed in as Emma Lindqvist" in page.content.decode()


def test_the_consent_page_does_not_hold_its_form_to_one_origin() -> None:
    page = Visitor().sign_in("fhirjason", "epicepic1")
    assert "form-action" not in page["Content-Security-Policy"]
    assert "default-src 'none'" in page["Content-Security-Policy"]


def test_nothing_ticked_is_asked_again() -> None:
    visitor = Visitor()
    html = visitor.sign_in("fhirjason", "epicepic1").content.decode()
    signed_in = re.findall(r'name="signed_in" value="([^"]+)"', html)[0]
    answer = visitor.client.post(
        visitor.address(), {"signed_in": signed_in, "decision": "allow", "days": "365"}
    )
    assert answer.status_code == 200
    assert "Nothing is ticked" in answer.content.decode()


def test_a_forged_note_of_signing_in_leads_back_to_the_form() -> None:
    visitor = Visitor()
    answer = visitor.client.post(visitor.address(), {"signed_in": "a.b", "decision": "allow"})
    assert answer.status_code == 200
    assert "Sign in again" in answer.content.decode()


def test_the_stylesheet_is_served() -> None:
    answer = Visitor().client.get("/sandbox.css")
    assert answer["Content-Type"].startswith("text/css")
    assert b"http" not in answer.content
