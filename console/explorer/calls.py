"""The same call for an app's server: curl, Python, JavaScript. The token is a variable, never a
real one."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from console.explorer.line import Line


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """A call in one language: `language` for colours, `title` for people, `id` for the page."""

    id: str
    language: str
    title: str
    code: str


def snippets_of(line: Line) -> list[Snippet]:
    """The line as programs call it, with its whole URL."""
    return [
        Snippet(id="as-curl", language="sh", title="curl", code=_curl(line)),
        Snippet(id="as-python", language="python", title="Python, requests", code=_python(line)),
        Snippet(
            id="as-javascript", language="javascript", title="JavaScript, fetch", code=_fetch(line)
        ),
    ]


def _curl(line: Line) -> str:
    url = shlex.quote(line.url)
    url = url if url.startswith("'") else f"'{url}'"
    return f'curl {url} \\\n  -H "Authorization: Bearer $TOKEN"'


def _python(line: Line) -> str:
    return (
        "import os, requests\n\n"
        "answer = requests.get(\n"
        f"    {_string(line.url)},\n"
        '    headers={"Authorization": "Bearer " + os.environ["TOKEN"]},\n'
        "    timeout=10,\n"
        ").json()"
    )


def _fetch(line: Line) -> str:
    return (
        f"const answer = await (await fetch({_string(line.url)}, {{\n"
        "  headers: { Authorization: `Bearer ${token}` },\n"
        "})).json()"
    )


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
