"""Every end a FHIR call can have, as an answer: what went wrong is told as an OperationOutcome."""

from __future__ import annotations

import logging
from collections.abc import Callable

import orjson
from django.db import DataError, OperationalError
from psycopg.errors import QueryCanceled

from accounts.access import OutOfScope
from fhirstore import outcome
from fhirstore.api.call import Answer
from fhirstore.errors import FhirError, Forbidden, MethodNotAllowed

logger = logging.getLogger(__name__)


def answered(act: Callable[[], Answer]) -> Answer:
    """What `act` answers, or the failure it ended with. `accounts.refusals.Refused` passes: how
    credentials are refused is not FHIR's to say; what a scope does not permit is."""
    try:
        return act()
    except FhirError as error:
        return failure(error)
    except OutOfScope as refused:
        return failure(Forbidden(refused.text))
    except DataError:
        # A text or number that passed every check and that the database cannot hold.
        return failure(FhirError("a value in the request cannot be processed"))
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return _failed(503, "timeout", "this took longer than the server allows; ask for less")
        logger.exception("the database did not answer a FHIR call")
        return _failed(503, "transient", "the server is not available for the moment")


def failure(error: FhirError) -> Answer:
    """The answer to a FHIR error."""
    answer = Answer(status=error.status, body=orjson.dumps(outcome.refusal(error)))
    if isinstance(error, MethodNotAllowed):
        return Answer(
            status=answer.status, body=answer.body, headers={"Allow": ", ".join(error.allowed)}
        )
    return answer


def broken() -> Answer:
    """The answer where the server itself failed; call it in an `except` block."""
    logger.exception("a FHIR call failed")
    return _failed(500, "exception", "the server failed; nothing was changed")


def _failed(status: int, code: str, text: str) -> Answer:
    return Answer(status=status, body=orjson.dumps(outcome.failure(code=code, text=text)))
