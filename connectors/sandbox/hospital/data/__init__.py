"""The sandbox's people, staff and codes as JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def read(name: str) -> Any:
    """A file by its name without ending: `concepts`, `people/jason`."""
    return json.loads((HERE / f"{name}.json").read_text())
