"""The README's walk, as the run command prints it: the same shell blocks, with this installation's
values filled in."""

from __future__ import annotations

import re
from pathlib import Path

_BLOCK = re.compile(
    r"^\*\*(?P<title>\d.+?)\*\*|<!-- walk: (?P<kind>\w+) -->\n```sh\n(?P<code>.*?)```",
    re.M | re.S,
)


def walk(*, readme: Path, base_url: str, client_id: str, client_secret: str) -> str:
    """The walk as text to paste into a shell."""
    lines = [f"BASE={base_url}", f"CLIENT_ID={client_id}", f"CLIENT_SECRET={client_secret}"]
    title = ""
    for found in _BLOCK.finditer(readme.read_text()):
        if found["title"]:
            title = found["title"]
        elif found["kind"] != "set":
            lines += ["", f"# {title}", found["code"].rstrip()]
            if found["kind"] == "connect":
                lines.append("# Open both links in a browser, sign in, allow; then go on.")
    return "\n".join(lines)
