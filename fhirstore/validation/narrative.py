"""The XHTML of a narrative: well-formed, one `div`, only elements and attributes that format."""

from __future__ import annotations

import re
from html.entities import name2codepoint
from xml.parsers import expat

from fhirstore.problem import Problem
from fhirstore.remembered import remembered

NAMESPACE = "http://www.w3.org/1999/xhtml"
_LISTED = """
    a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd del dfn
    div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li map ol p pre q s samp small span
    strike strong sub sup table tbody td tfoot th thead tr tt u ul var"""
_ELEMENTS = frozenset(_LISTED.split())
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = ("amp", "lt", "gt", "quot", "apos")
_LEADS_TO_CODE = re.compile(r"\s*(javascript|vbscript|data:text/html)", re.IGNORECASE)


def narrative_problems(div: str, expression: str) -> list[Problem]:
    """What is wrong with the text of `Narrative.div`."""
    return [
        Problem(expression, text, severity, code) for text, severity, code in _problems(div.strip())
    ]


@remembered(1024)
def _problems(div: str) -> tuple[tuple[str, str, str], ...]:
    if "<!DOCTYPE" in div or "<!ENTITY" in div or "<![CDATA[" in div:
        return (("the narrative may not declare anything", "error", "invalid"),)
    reading = _Reading()
    try:
        reading.parser.Parse(_ENTITY.sub(_numbered, div), True)
    except expat.ExpatError as error:
        return ((f"the narrative is not XHTML: {expat.ErrorString(error.code)}", *_INVALID),)
    return reading.found()


_INVALID = ("error", "invalid")


def _numbered(match: re.Match[str]) -> str:
    name = match[1]
    if name in _XML_ENTITIES or name not in name2codepoint:
        return match[0]
    return f"&#{name2codepoint[name]};"


class _Reading:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._element
        self.parser.CharacterDataHandler = self._text
        self._root = ""
        self._namespace = ""
        self._wrong: dict[str, None] = {}
        self._says_something = False

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        if not self._root:
            self._root = name
            self._namespace = attributes.get("xmlns", "")
        if name not in _ELEMENTS:
            self._wrong[f"<{name[:40]}> is not allowed in a narrative"] = None
        if name == "img":
            self._says_something = True
        for attribute, value in attributes.items():
            if attribute.lower().startswith("on") or _LEADS_TO_CODE.match(value):
                self._wrong["a narrative may hold no active content"] = None

    def _text(self, text: str) -> None:
        self._says_something = self._says_something or not text.isspace()

    def found(self) -> tuple[tuple[str, str, str], ...]:
        problems = [(text, *_INVALID) for text in self._wrong]
        if self._root != "div":
            problems.insert(0, ("the narrative has to be one div", *_INVALID))
        elif self._namespace != NAMESPACE:
            text = f'the div of the narrative should have xmlns="{NAMESPACE}"'
            problems.append((text, "warning", "invalid"))
        if not self._says_something:
            problems.append(("the narrative should say something", "warning", "invariant"))
        return tuple(problems)
