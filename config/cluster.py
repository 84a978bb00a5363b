"""The queue cluster, with one repair of django-q's own guard.

Its workers wait for work while holding a lock that all share. A worker killed in that moment (by
the system when memory runs out, by hand) takes the lock with it: django-q starts another, which
waits for ever, and the cluster looks alive and does nothing. So when a process of the cluster dies
suddenly, the whole cluster ends with a failure, and whoever runs it starts it again. Nothing is
lost by that: who is due and how far it came is in the database.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from multiprocessing.process import BaseProcess
from typing import Any

from django_q import cluster

FAILED = 75
"""The exit status of a cluster that ended because one of its processes died (EX_TEMPFAIL)."""
TIMED_OUT, RECYCLED = 0, -2
"""A worker's timer when the guard itself ends it, and when it ended after its share of tasks."""

logger = logging.getLogger(__name__)


class Guard(cluster.Sentinel):  # type: ignore[misc]
    """Replaces workers that took too long or did their share; of a sudden death all die."""

    def reincarnate(self, process: Any) -> None:
        """Start a replacement, or end the cluster."""
        if self._died(process):
            logger.critical("process %s of the queue cluster died; all of it ends", process.pid)
            members: list[BaseProcess] = [*self.pool, self.monitor, self.pusher]
            for member in members:
                member.kill()
            os._exit(FAILED)
        super().reincarnate(process)

    def _died(self, process: Any) -> bool:
        if process in (self.monitor, self.pusher):
            return True
        return not process.is_alive() and int(process.timer.value) not in (TIMED_OUT, RECYCLED)


def run() -> None:
    """Run a cluster until SIGTERM or SIGINT; raises SystemExit(75) when it ends otherwise."""
    cluster.Sentinel = Guard
    running = cluster.Cluster()
    running.start()
    running.sentinel.join()
    if running.sentinel.exitcode == 0:
        return
    if os.getpgrp() == os.getpid():
        # Nothing of ours may go on without a guard; we lead the group and go with it.
        os.killpg(os.getpgrp(), signal.SIGKILL)
    sys.exit(FAILED)
