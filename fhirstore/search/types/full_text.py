"""`_text` (the narrative) and `_content` (all of the resource) by PostgreSQL's full-text search
(hl7.org/fhir/R4/search.html#content).

Computed when asked, over the resources of the one type that the owner has; no index is kept for a
question that is hardly ever asked. Words count without regard to case and are not reduced to
stems: the texts of one owner may be of several languages. `"a phrase"`, `or` and `-not` work as in
web searches. Where a value holds plain words only, the longest of them is looked for in the bytes
first.
"""

from __future__ import annotations

import re

from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope
from fhirstore.search.escapes import unescape

_PLAIN = re.compile(r"[A-Za-z0-9]+(?: +[A-Za-z0-9]+)*")
_WORDS = {
    "_text": "to_tsvector('simple', coalesce(fhir_json(r.body) #>> '{text,div}', ''))",
    "_content": "jsonb_to_tsvector('simple', fhir_json(r.body), '[\"string\", \"numeric\"]')",
}


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The resources whose words fit one of the values."""
    tests = [_test(clause.name, unescape(value).strip(), binder) for value in clause.values]
    return Condition(resource=" or ".join(tests), rank=6)


def _test(name: str, text: str, binder: Binder) -> str:
    fits = f"{_WORDS[name]} @@ websearch_to_tsquery('simple', {binder.bind(text, 'text')})"
    words = text.lower().split()
    if not _PLAIN.fullmatch(text) or "or" in words:
        return f"({fits})"
    word = binder.bind(max(words, key=len), "text")
    # What JSON may write in escapes the bytes cannot tell.
    return f"((strpos(lower(r.body), {word}) > 0 or strpos(r.body, '\\u') > 0) and {fits})"
