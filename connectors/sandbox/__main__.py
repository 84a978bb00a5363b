"""Run the sandbox alone: `python -m connectors.sandbox --port 9000`."""

from __future__ import annotations

import argparse
import os
import sys


def main() -> None:
    """Parse the arguments and turn into gunicorn."""
    parser = argparse.ArgumentParser(
        prog="python -m connectors.sandbox",
        description="A simulated hospital (system 4706) and wearable (4709) with made-up people.",
        epilog="Example: python -m connectors.sandbox --port 9000 --state-dir var/sandbox",
    )
    parser.add_argument("--port", type=int, default=9000, help="where to listen (default 9000)")
    parser.add_argument("--host", default="127.0.0.1", help="address (default 127.0.0.1)")
    parser.add_argument(
        "--state-dir",
        default="",
        help="folder for the clock, faults and used codes (default: in memory only)",
    )
    arguments = parser.parse_args()
    os.environ["SANDBOX_STATE_DIR"] = arguments.state_dir
    print(f"Sandbox on http://{arguments.host}:{arguments.port}", file=sys.stderr, flush=True)
    options = ["--config", "python:connectors.sandbox.server"]
    options += ["--bind", f"{arguments.host}:{arguments.port}"]
    command = [sys.executable, "-m", "gunicorn", *options, "connectors.sandbox.wsgi:application"]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()
