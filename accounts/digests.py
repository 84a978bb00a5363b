"""What is stored instead of a secret: its SHA-256. Right for random values, which no dictionary
holds (wire contract 5).
"""

from __future__ import annotations

import hashlib


def digest(text: str) -> str:
    """64 lower-case hex of the SHA-256. Any text will do, also one that is not valid Unicode (it
    then matches nothing).
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
