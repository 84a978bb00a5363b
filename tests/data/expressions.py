"""The raw FHIRPath expressions of search parameters, evaluated over JSON: as much of the language
as the official definitions use, slow and obvious. Shares nothing with the product."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.data.shapes import Node, children

_TOKENS = re.compile(
    r"\s*(?:(?P<text>'[^']*')|(?P<name>%?\w[\w-]*)|(?P<sign>!=|[.|()\[\]=]))", re.ASCII
)


class NotUnderstood(Exception):
    """An expression of another kind than the definitions are known to have."""


def evaluate(version: str, expression: str, resource: Node) -> list[Node]:
    """What an expression finds in a resource (or in the element a composite is evaluated on)."""
    return _Evaluation(version, _tokens(expression), resource).whole()


def _tokens(expression: str) -> list[str]:
    found, at, end = [], 0, len(expression.rstrip())
    while at < end:
        match = _TOKENS.match(expression, at)
        if not match:
            raise NotUnderstood(expression)
        found.append(match["text"] or match["name"] or match["sign"])
        at = match.end()
    return found


class _Evaluation:
    """Reads the tokens once, from left to right, carrying what is found so far."""

    def __init__(self, version: str, tokens: list[str], root: Node) -> None:
        self.version, self.tokens, self.root, self.at = version, tokens, root, 0

    def whole(self) -> list[Node]:
        found = self.conjunction(self.root)
        if self.at != len(self.tokens):
            raise NotUnderstood(" ".join(self.tokens))
        return found

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise NotUnderstood(" ".join(self.tokens))
        self.at += 1
        return token

    def conjunction(self, focus: Node) -> list[Node]:
        found = self.comparison(focus)
        while self.peek() == "and":
            self.take()
            other = self.comparison(focus)
            found = _truth(_holds(found) and _holds(other))
        return found

    def comparison(self, focus: Node) -> list[Node]:
        found = self.union(focus)
        if self.peek() in ("=", "!="):
            sign, other = self.take(), self.union(focus)
            same = [n.value for n in found] == [n.value for n in other]
            return _truth(same == (sign == "="))
        return found

    def union(self, focus: Node) -> list[Node]:
        found = self.typed(focus)
        while self.peek() == "|":
            self.take()
            found = found + self.typed(focus)
        return found

    def typed(self, focus: Node) -> list[Node]:
        found = self.path(focus)
        while self.peek() in ("as", "is"):
            word, kind = self.take(), self.take()
            if word == "as":
                found = _of_type(found, kind)
            else:
                found = _truth(any(_refers_to(n, kind) for n in found))
        return found

    def path(self, focus: Node) -> list[Node]:
        found = self.start(focus)
        while self.peek() in (".", "["):
            if self.take() == "[":
                found = found[int(self.take()) :][:1]
                self.take("]")
                continue
            name = self.take()
            if self.peek() == "(":
                found = self.function(name, found)
            else:
                found = [child for n in found for child in children(self.version, n, name)]
        return found

    def start(self, focus: Node) -> list[Node]:
        token = self.take()
        if token == "(":
            found = self.conjunction(focus)
            self.take(")")
            return found
        if token.startswith("'"):
            return [Node(token[1:-1], "string", "string")]
        if token in ("true", "false"):
            return _truth(token == "true")
        if token == "$this" or token == "%resource":
            return [focus]
        if self.peek() == "(":
            return self.function(token, [focus])
        if token[0].isupper():
            own = token in (focus.kind, "Resource", "DomainResource")
            return [focus] if own else []
        return children(self.version, focus, token)

    def function(self, name: str, found: list[Node]) -> list[Node]:
        self.take("(")
        if name in ("as", "ofType"):
            kind = self.take()
            self.take(")")
            return _of_type(found, kind)
        if name == "is":
            # STU3 says "is this a dateTime, an Age, …": one that is makes it true.
            kind = self.take()
            self.take(")")
            return _truth(True) if _of_type(found, kind) else []
        if name == "where":
            return self.where(found)
        self.take(")")
        if name == "exists":
            return _truth(bool(found))
        if name == "resolve":
            return found
        raise NotUnderstood(name)

    def where(self, found: list[Node]) -> list[Node]:
        start = end = self.at
        kept = []
        for node in found:
            self.at = start
            if _holds(self.conjunction(node)):
                kept.append(node)
            end = self.at
        if not found:
            end = self.closing(start)
        self.at = end
        self.take(")")
        return kept

    def closing(self, at: int) -> int:
        depth = 0
        while depth or self.tokens[at] != ")":
            depth += {"(": 1, ")": -1}.get(self.tokens[at], 0)
            at += 1
        return at


def _truth(value: bool) -> list[Node]:
    return [Node(value, "boolean", "boolean")]


def _holds(found: list[Node]) -> bool:
    return bool(found) and found[0].value is not False


def _of_type(found: list[Node], kind: str) -> list[Node]:
    wanted = {"SimpleQuantity": "Quantity"}.get(kind, kind)
    return [n for n in found if n.kind == wanted or n.kind == wanted[0].lower() + wanted[1:]]


def _refers_to(node: Node, kind: str) -> bool:
    """Whether a reference names a resource of a type; what it points to is not looked up."""
    if not isinstance(node.value, dict):
        return False
    reference = node.value.get("reference")
    if not isinstance(reference, str):
        return node.value.get("type") == kind
    return any(a == kind for a in _segments(reference))


def _segments(reference: str) -> Iterator[str]:
    parts = reference.split("/_history/")[0].split("/")
    yield from parts[-2:-1]
