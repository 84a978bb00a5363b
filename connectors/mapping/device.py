"""The Device every reading of an account refers to: vendors merge what several devices counted, so
it stands for the account (wire contract 14).
"""

from __future__ import annotations

from html import escape
from typing import Any

DEVICE_ID = "account"


def device(*, name: str) -> dict[str, Any]:
    """The Device of an account at the vendor of that `name`, in R4's shape."""
    sentence = f"{name} account: readings merged by the vendor"
    return {
        "resourceType": "Device",
        "id": DEVICE_ID,
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(sentence)}</div>',
        },
        "status": "active",
        "manufacturer": name,
        "deviceName": [{"name": f"{name} account", "type": "user-friendly-name"}],
        "modelNumber": "account aggregate",
        "type": {"text": "cloud aggregate"},
    }
