"""The codes of the value sets that `:in` and `:not-in` may name: the ValueSet resources that the
same owner has, by url or id, and those that FHIR's own required bindings name
(hl7.org/fhir/R4/search.html#modifiers).

There is no terminology server here: a value set that selects by filters is refused, one that takes
a whole code system means every code of that system.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from accounts.scopes import READING
from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.rtypes import NUMBERS
from fhirstore.search import rows, sight
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.values import homes
from fhirstore.structures import value_set

MOST_CODES, DEEPEST, MOST_SETS = 10_000, 8, 100

Code = tuple[str | None, str | None]
"""(system, code). Without a code: every code of the system; without a system: of whichever, as of
FHIR's required bindings only the codes are held here."""


def codes(parameter: str, references: Iterable[str], scope: Scope) -> Iterator[Code]:
    """The codes of value sets, each named by its canonical url (with or without `|version`) or as
    `ValueSet/id`. Raises `InvalidValue`, naming the parameter, where it is not known here, cannot
    be expanded or is too large."""
    expansion = _Expansion(parameter, scope)
    for reference in references:
        yield from expansion.of(reference)


class _Expansion:
    def __init__(self, parameter: str, scope: Scope) -> None:
        self._parameter = parameter
        self._scope = replace(scope, rtype="ValueSet", number=NUMBERS["ValueSet"])
        self._read = self._selected_codes = 0
        self._found: dict[str, list[Code]] = {}

    def of(self, reference: str, depth: int = 0) -> list[Code]:
        if depth > DEEPEST:
            raise self._refused("its value sets include each other too deeply")
        if reference not in self._found:
            self._read += 1
            if self._read > MOST_SETS:
                raise self._refused(f"it takes more than {MOST_SETS} value sets")
            self._found[reference] = self._codes(reference, depth)
        return self._found[reference]

    def _codes(self, reference: str, depth: int) -> list[Code]:
        content = self._held(reference)
        if content is not None:
            found = list(dict.fromkeys(self._expanded(content, depth)))
        else:
            required = value_set(self._scope.version, reference.partition("|")[0])
            if required is None:
                raise self._refused("names no value set that is known here")
            found = [(None, code) for code in sorted(required)]
        if len(found) > MOST_CODES:
            raise self._refused(f"its value sets hold more than {MOST_CODES} codes")
        return found

    def _held(self, reference: str) -> dict[str, Any] | None:
        """The owner's own resource, as far as it may be seen; the newest of a url."""
        scope, binder = self._scope, Binder()
        url, _, version = reference.partition("|")
        named = _local_id(url, scope)
        if named:
            which = f"r.fid = {binder.bind(named, 'text')}"
            letters = READING
        else:
            letters = "s"
            key = binder.bind(keys.uri_key("ValueSet", "url", url), "bigint")
            which = scope.owners.among(
                "r",
                f"select {scope.owners.row('x')} from fhir_token x"
                f" where {scope.owners.own('x')} and x.key = {key}",
            )
        sql = f"""
select r.body from fhir_resource r where {scope.owners.own("r")} and r.rtype = {scope.number}
  and (r.vers & {scope.bit}) <> 0{scope.owners.visible("r", scope.bit)}
  {sight.seen(scope, binder, letters=letters)} and {which} order by r.updated desc limit 20"""
        for (body,) in rows.select(sql, {**binder.values, **scope.owners.values()}):
            content: dict[str, Any] = orjson.loads(body)
            if not version or content.get("version") == version:
                return content
        return None

    def _expanded(self, content: dict[str, Any], depth: int) -> Iterator[Code]:
        expansion = content.get("expansion")
        if isinstance(expansion, dict) and _dicts(expansion, "contains"):
            yield from _contained(expansion, "contains", "")
            return
        own = content.get("codeSystem")  # DSTU2's own codes
        if isinstance(own, dict):
            yield from _contained(own, "concept", _text(own, "system"))
        compose = content.get("compose")
        if not isinstance(compose, dict):
            return
        excluded = {
            code for part in _dicts(compose, "exclude") for code in self._selected(part, depth)
        }
        for url in _texts(compose, "import"):
            yield from (code for code in self.of(url, depth + 1) if code not in excluded)
        for part in _dicts(compose, "include"):
            for code in self._selected(part, depth):
                if code not in excluded:
                    if excluded and code[1] is None:
                        raise self._refused("excludes codes from a whole code system")
                    yield code

    def _selected(self, part: dict[str, Any], depth: int) -> list[Code]:
        """What one `include` or `exclude` selects: the codes it lists that all its value sets
        have."""
        if _dicts(part, "filter"):
            raise self._refused("selects codes by a filter, which needs a terminology server")
        system, concepts = _text(part, "system"), _dicts(part, "concept")
        listed: list[Code] | None = None
        if concepts:
            listed = [(system, code) for c in concepts if (code := _text(c, "code"))]
        elif system:
            listed = [(system, None)]
        for url in _texts(part, "valueSet"):
            among = self.of(url, depth + 1)
            listed = among if listed is None else _both(listed, among)
        self._selected_codes += len(listed or ())
        if self._selected_codes > 10 * MOST_CODES:
            raise self._refused(f"its value sets hold more than {MOST_CODES} codes")
        return listed or []

    def _refused(self, problem: str) -> InvalidValue:
        return InvalidValue(parameter=self._parameter, problem=problem)


def _both(some: list[Code], others: list[Code]) -> list[Code]:
    """The codes of both; a whole system has every code of it."""
    held = set(others)
    kept = [code for code in some if code in held or (code[0], None) in held]
    whole = {system for system, code in some if code is None}
    there = set(kept)
    return [*kept, *(code for code in others if code[0] in whole and code not in there)]


def _contained(node: dict[str, Any], name: str, system: str) -> Iterator[Code]:
    for item in _dicts(node, name):
        code, of = _text(item, "code"), _text(item, "system") or system
        if code and item.get("abstract") is not True:
            yield of, code
        yield from _contained(item, name, of)


def _local_id(url: str, scope: Scope) -> str:
    for home in (*homes(scope.base, scope.version), ""):
        if url.startswith(f"{home}ValueSet/"):
            return url.removeprefix(f"{home}ValueSet/")
    return "" if ":" in url or "/" in url else url


def _dicts(node: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = node.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _texts(node: dict[str, Any], name: str) -> list[str]:
    found = node.get(name)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _text(node: dict[str, Any], name: str) -> str:
    found = node.get(name)
    return found if isinstance(found, str) else ""
