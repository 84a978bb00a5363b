"""Results remembered by what was asked, except of long texts: what a client sends would fill the
memory of a process with a few of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

LONGEST = 256
"""Characters of what is remembered."""

P = ParamSpec("P")
T = TypeVar("T")


def remembered(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remembers so many results of a function of texts (and None); then all are
    forgotten. Those of longer ones are worked out anew each time."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        known: dict[tuple[object, ...], T] = {}

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                if not kwargs:
                    return known[args]
            except KeyError:
                pass
            result = function(*args, **kwargs)
            if not kwargs and not any(text and len(text) > LONGEST for text in args):  # type: ignore[arg-type]
                if len(known) >= most:
                    known.clear()
                known[args] = result
            return result

        return call

    return decorate
