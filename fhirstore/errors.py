"""What can be wrong with a FHIR call: small named errors that know their status and issue code. One
exit turns them into an OperationOutcome (`fhirstore.outcome`). Texts hold no patient data; they
name parameters, types and ids of the call itself."""

from __future__ import annotations

from dataclasses import replace

from fhirstore.problem import Problem


class FhirError(Exception):
    """A FHIR call that is answered with an OperationOutcome."""

    status = 400
    code = "invalid"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def within(self, place: str) -> None:
        """Say which part of a call it was, as in "Bundle.entry[3]"."""
        self.text = f"{place}: {self.text}"


class InvalidRequest(FhirError):
    """A request that makes no sense: 400, issue code `invalid`."""


class InvalidValue(FhirError):
    """A search value or modifier that cannot be read; the text names the parameter."""

    code = "value"

    def __init__(self, *, parameter: str, problem: str) -> None:
        super().__init__(f"search parameter {parameter}: {problem}")
        self.parameter = parameter


class TooCostly(FhirError):
    """A search that would have to look at more than it may."""

    code = "too-costly"


class UnknownParameter(FhirError):
    """An unknown search parameter under `Prefer: handling=strict`."""

    code = "not-supported"


class Forbidden(FhirError):
    """What the token's scope does not permit, found out only while the call is carried out."""

    status, code = 403, "forbidden"


class NotFound(FhirError):
    """No such resource, version, type or path; the same for what belongs to somebody else (wire
    contract 12.7)."""

    status, code = 404, "not-found"


class Gone(FhirError):
    """A resource that was deleted; only R4 has a code for that."""

    status = 410

    def __init__(self, text: str, version: str) -> None:
        super().__init__(text)
        self.code = "deleted" if version == "r4" else "not-found"


class MethodNotAllowed(FhirError):
    """A path that exists, asked in a way it does not know. `allowed`: the methods it knows."""

    status, code = 405, "not-supported"

    def __init__(self, text: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__(text)
        self.allowed = allowed


class NotAcceptable(FhirError):
    """An answer wanted in a format that is not served (wire contract 4)."""

    status, code = 406, "not-supported"


class VersionMismatch(FhirError):
    """The present version is not one that `If-Match` names, or is one of `If-None-Match`."""

    status, code = 412, "conflict"


class MultipleMatches(FhirError):
    """The condition of a conditional interaction is met by several resources."""

    status = 412

    def __init__(self, text: str, version: str) -> None:
        super().__init__(text)
        self.code = "multiple-matches" if version == "r4" else "duplicate"


class Conflict(FhirError):
    """What is to be written contradicts what is there."""

    status, code = 409, "conflict"


class UnsupportedMediaType(FhirError):
    """A body in a format that the interaction does not take."""

    status, code = 415, "not-supported"


class TooLong(FhirError):
    """A body that is larger than the server takes, or answers larger than it puts together."""

    status, code = 413, "too-long"


class Unprocessable(FhirError):
    """A resource that is understood and refused."""

    status, code = 422, "business-rule"


class Invalid(FhirError):
    """A resource whose structure is wrong. `problems` tells each place; `version` is the FHIR
    version it was checked against."""

    status = 422

    def __init__(self, problems: tuple[Problem, ...], *, version: str) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.expression}: {first.text}{more}")
        self.code = first.code
        self.problems = problems
        self.version = version

    def within(self, place: str) -> None:
        super().within(place)
        self.problems = tuple(
            replace(p, expression=".".join([f"{place}.resource", *p.expression.split(".")[1:]]))
            for p in self.problems
        )
