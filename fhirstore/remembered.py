"""Results remembered by what was asked, except of long texts: what a client sends would fill the
memory of a process with a few of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

LONGEST = 256
"""Characters of what is remembered."""

P = ParamSpec("P")
T = TypeVar("T")


def remembered(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Like `lru_cache(most)`, of a function of texts (and None); longer ones are worked out anew
    each time."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        cached = lru_cache(maxsize=most)(function)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            for text in args:
                if text and len(text) > LONGEST:  # type: ignore[arg-type]
                    return function(*args, **kwargs)
            return cached(*args, **kwargs)  # type: ignore[arg-type]

        return call

    return decorate
