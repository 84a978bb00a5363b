"""`make bench`: measure how fast Careweave is, against limits taken in the same run.

Needs about 5 GB of disk in VAR_DIR (or `var/`) at the usual size and 45 GB at 10m; everything is
removed again. Results go to tests/benchmarks/results, the tables also into docs/performance.md."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from tests.benchmarks.place import CHECKOUT, Bench

RESULTS = CHECKOUT / "tests" / "benchmarks" / "results"
DOCUMENT = CHECKOUT / "docs" / "performance.md"


def main() -> None:
    """Run and write the results; exit status 0 whatever was measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--size", choices=("smoke", "1m", "10m"), default="1m")
    parser.add_argument("--only", choices=("writing",), help="this part alone; printed, not kept")
    parser.add_argument("--results", type=Path, help="another folder; the document stays as it is")
    chosen = parser.parse_args()
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {line}", file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, _stopped)
    settings = {"shared_buffers": "128MB", "max_wal_size": "1GB"} if chosen.size == "smoke" else {}
    with Bench(say=say, settings=settings) as bench:
        from tests.benchmarks import report
        from tests.benchmarks.run import SIZES, run, run_writing

        if chosen.only:
            print(report.markdown(run_writing(bench, SIZES[chosen.size], say=say)))
            return
        results = run(bench, SIZES[chosen.size], say=say)
    written = report.write(results, chosen.results or RESULTS)
    tables = report.markdown(results)
    if chosen.results is None:
        from tests.benchmarks.document import renewed

        DOCUMENT.write_text(renewed(DOCUMENT.read_text(), results.name, tables))
    print(tables)
    print("\n".join(f"written: {path}" for path in written))


def _stopped(number: int, frame: object) -> NoReturn:
    """Let the end of the block clean up."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
