"""What is said about a redirect URL, and the one proposed instead."""

from __future__ import annotations

import pytest

from console.redirect_advice import advice, redirect_list


@pytest.mark.parametrize(
    ("uri", "mode", "text", "repaired"),
    [
        ("app.example.org/cb", "test", "Start with https://.", "https://app.example.org/cb"),
        (
            "http://app.example.org/cb#done",
            "live",
            "Use https and leave off “#done”.",
            "https://app.example.org/cb",
        ),
        (
            "https://user:pw@app.example.org:8443/cb?x=1",
            "live",
            "Leave off the user name.",
            "https://app.example.org:8443/cb?x=1",
        ),
        (
            "myapp://app.example.org/callback",
            "test",
            "Use https instead of “myapp”.",
            "https://app.example.org/callback",
        ),
        ("http://localhost:3000/cb#x", "test", "Leave off “#x”.", "http://localhost:3000/cb"),
        ("http://localhost:3000/cb", "live", "“localhost” is allowed in test mode only.", ""),
        ("https://", "test", "“https://” names no host. Write the whole address.", ""),
        ("ftp://x/y", "test", "Use https instead of “ftp”.", ""),
        ("https://*.example.org/cb", "test", "Write every host in full", ""),
        ("https://[::1", "test", "“https://[::1” cannot be read as an address.", ""),
        ("https://a.example:99999/", "test", "“https://a.example:99999/” cannot be read", ""),
    ],
)
def test_advice(uri: str, mode: str, text: str, repaired: str) -> None:
    given = advice(uri, mode=mode)
    assert given is not None
    assert given.text.startswith(text)
    assert given.repaired == repaired
    if repaired:
        assert advice(repaired, mode=mode) is None


@pytest.mark.parametrize(
    ("uri", "mode"),
    [("http://localhost:3000/cb", "test"), ("https://app.example.org/cb?x=1", "live")],
)
def test_a_good_url_needs_none(uri: str, mode: str) -> None:
    assert advice(uri, mode=mode) is None


def test_a_field_holds_several() -> None:
    text = " https://b/ ,https://a/\nhttps://b/\t https://c/ "
    assert redirect_list(text) == ["https://b/", "https://a/", "https://c/"]
