"""Where the test data lies, beside the checkout; `SHARED_DATA` names another place."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
DEFINITIONS = DATA / "definitions"


def content(path: Path) -> bytes:
    """A file's bytes, unpacked."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw
