"""A small browser without JavaScript: follows redirects, keeps cookies, fills in and sends
forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


@dataclass
class Form:
    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Link:
    """`text` is what a person reads on it; `target` is "_top" where it leaves a frame."""

    href: str
    target: str
    text: str = ""


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in values:
            self.links.append(Link(values["href"], values.get("target", "")))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.links[-1].text += data


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower()))
        elif tag == "input" and self.forms and values.get("name"):
            kind = values.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in values:
                return
            if kind != "submit":
                self.forms[-1].fields[values["name"]] = values.get("value", "")


class Browser:
    """One person's browser. Stops at `stop_at`, the app's redirect URI, where nobody listens."""

    def __init__(self, stop_at: str) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept"] = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
        self.stop_at = stop_at
        self.url = ""
        self.text = ""
        self.status = 0
        self.visited: list[str] = []

    def open(self, url: str) -> Browser:
        return self._go("GET", url, {})

    def submit(self, **fields: str) -> Browser:
        """Send the page's first form, its own values completed by `fields`."""
        parser = _Forms()
        parser.feed(self.text)
        assert parser.forms, f"no form on {self.url.split('?')[0]}: {self.text[:300]}"
        form = parser.forms[0]
        action = urljoin(self.url, form.action or self.url)
        return self._go(form.method.upper(), action, {**form.fields, **fields})

    def link(self, text: str) -> Link:
        """The page's first link that says `text`."""
        parser = _Links()
        parser.feed(self.text)
        found = [link for link in parser.links if text in link.text]
        assert found, f"no “{text}” on {self.url.split('?')[0]}"
        return found[0]

    def follow(self, text: str) -> Browser:
        """Go where the page's first link that says `text` leads."""
        return self.open(urljoin(self.url, self.link(text).href))

    def _go(self, method: str, url: str, fields: dict[str, str]) -> Browser:
        for _ in range(12):
            self.visited.append(url)
            if url.startswith(self.stop_at):
                self.url, self.text, self.status = url, "", 0
                return self
            headers = {}
            if method == "POST" and self.url:
                headers = {"Origin": "/".join(url.split("/")[:3]), "Referer": self.url}
            answer = self.session.request(
                method,
                url,
                params=fields if method == "GET" and fields else None,
                data=fields if method == "POST" else None,
                headers=headers,
                allow_redirects=False,
                timeout=20,
            )
            if answer.status_code in (301, 302, 303, 307, 308):
                url = urljoin(url, answer.headers["Location"])
                method, fields = "GET", {}
                continue
            self.url, self.text, self.status = url, answer.text, answer.status_code
            return self
        raise AssertionError(f"redirects without end: {[u.split('?')[0] for u in self.visited]}")

    def sign_in(self, username: str, password: str, *, decision: str = "allow") -> Browser:
        """Walk through a simulator's sign-in and consent pages."""
        self.submit(username=username, password=password)
        if not self.url.startswith(self.stop_at):
            self.submit(decision=decision)
        return self
