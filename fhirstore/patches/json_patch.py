"""JSON Patch (RFC 6902), with the library `jsonpatch`."""

from __future__ import annotations

from typing import Any

import jsonpatch
from jsonpointer import JsonPointer, JsonPointerException

from fhirstore import digits
from fhirstore.errors import InvalidRequest, TooLong, Unprocessable

MOST = 1000
"""Operations in one patch."""
MOST_COPIED = 5_000_000
"""Bytes that `copy` may add: a few operations double a resource many times over."""

_NOT_APPLICABLE = (
    jsonpatch.JsonPatchException,
    JsonPointerException,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def apply(resource: dict[str, Any], operations: Any) -> dict[str, Any]:
    """The resource with the operations carried out, changed in place.

    Raises InvalidRequest where the patch is none, Unprocessable where an operation cannot be
    carried out (a `test` that fails, a path that leads nowhere), TooLong.
    """
    if not isinstance(operations, list):
        raise InvalidRequest("a JSON Patch is a list of operations")
    if len(operations) > MOST:
        raise InvalidRequest(f"a patch may have {MOST} operations at most")
    patched: Any = resource
    copied = 0
    for place, operation in enumerate(operations):
        try:
            step = jsonpatch.JsonPatch([operation])
        except (jsonpatch.JsonPatchException, JsonPointerException, TypeError, ValueError) as error:
            raise InvalidRequest(f"operation {place} of the patch cannot be read") from error
        try:
            copied += _copies(patched, operation)
            if copied > MOST_COPIED:
                raise TooLong("the patch copies too much")
            patched = step.apply(patched, in_place=True)
        except jsonpatch.InvalidJsonPatch as error:
            raise InvalidRequest(f"operation {place} of the patch cannot be read") from error
        except _NOT_APPLICABLE as error:
            raise Unprocessable(f"operation {place} of the patch cannot be carried out") from error
    if not isinstance(patched, dict):
        raise Unprocessable("the patch leaves no resource")
    return patched


def _copies(resource: Any, operation: dict[str, Any]) -> int:
    """How many bytes an operation adds to the resource out of itself."""
    if operation.get("op") != "copy":
        return 0
    return len(digits.dumps(JsonPointer(operation["from"]).resolve(resource)))
