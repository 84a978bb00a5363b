"""Numbers that look like chance and are the same every time.

A hash of a name instead of a generator with a state.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."


def digest(*key: object) -> bytes:
    """32 bytes that depend on `key` alone."""
    return hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()


def fraction(*key: object) -> float:
    """A number in [0, 1) that depends on `key` alone."""
    return int.from_bytes(digest(*key)[:7], "big") / 2**56


def spread(*key: object) -> float:
    """A number around 0 with standard deviation 1, never beyond ±3."""
    first, second = 1 - fraction(*key, "a"), fraction(*key, "b")
    return max(-3.0, min(3.0, math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second)))


def pick(choices: Sequence[T], *key: object) -> T:
    """One of `choices`."""
    return choices[int(fraction(*key) * len(choices))]


def source_id(*key: object, length: int = 45) -> str:
    """An id as such a hospital hands them out: long, opaque, of the characters FHIR allows."""
    raw = b"".join(digest(*key, part) for part in range(1 + length // 32))
    return "T" + "".join(_ALPHABET[byte & 63] for byte in raw[: length - 1])
