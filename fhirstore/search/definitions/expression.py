"""The expressions of search parameter definitions, parsed: the FHIRPath subset of STU3 and R4, and
DSTU2's XPath."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FUNCTION = re.compile(
    r"""\.?(?:
      (?P<where>where\((?P<field>\w+)\s*=\s*'(?P<value>[^']*)'\))
    | where\(resolve\(\)\sis\s(?P<target>\w+)\)
    | as\((?P<as_type>\w+)\)
    | is\((?P<is_type>\w+)\)
    | (?P<exists>exists\(\))
    | (?P<name>\w+)
    | \[(?P<index>\d+)\]
    )""",
    re.VERBOSE,
)
_XPATH = re.compile(r"f:(\w+)(?:\[(\w+)/@value='([^']*)'\]|\[@(url)='([^']*)'\]|\[(\d+)\])?")


class UnknownExpression(ValueError):
    """The expression uses something this parser does not know."""


@dataclass(frozen=True)
class Step:
    """One step: `kind` is name, where (argument "field=value"), target, as, exists or index."""

    kind: str
    argument: str = ""


def alternatives(expression: str, *, xpath: bool) -> list[tuple[Step, ...]]:
    """The union's members, each as steps; the first step names the resource type."""
    parse = _xpath if xpath else _fhirpath
    found = [parse(member.strip()) for member in re.split(r"\s*\|\s*(?![^(]*\))", expression)]
    return list(dict.fromkeys(found))


def _fhirpath(text: str) -> tuple[Step, ...]:
    if wrapped := re.fullmatch(r"\((\S+) as (\w+)\)(.*)", text) or re.fullmatch(
        r"(\S+) as (\w+)()", text
    ):
        return (*_fhirpath(wrapped[1]), Step("as", wrapped[2]), *_fhirpath(wrapped[3]))
    if alive := re.fullmatch(r"(\S+)\.exists\(\) and \1 != false", text):
        return (*_fhirpath(alive[1]), Step("exists"))
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _FUNCTION.match(text, at)
        if not match or match.end() == at:
            raise UnknownExpression(text)
        at = match.end()
        steps.extend(_steps(match))
    return tuple(steps)


def _steps(match: re.Match[str]) -> list[Step]:
    if match["where"]:
        return [Step("where", f"{match['field']}={match['value']}")]
    if match["is_type"]:
        return [Step("as", match["is_type"]), Step("exists")]
    for kind, group in (
        ("target", "target"),
        ("as", "as_type"),
        ("index", "index"),
        ("name", "name"),
    ):
        if match[group]:
            return [Step(kind, match[group])]
    return [Step("exists")]


def _xpath(text: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    for part in re.split(r"/(?=f:)", text):
        match = _XPATH.fullmatch(part)
        if not match:
            raise UnknownExpression(text)
        name, field, value, url, url_value, index = match.groups()
        steps.append(Step("name", name))
        if field or url:
            steps.append(Step("where", f"{field or url}={value or url_value}"))
        if index:
            steps.append(Step("index", index))
    return tuple(steps)
