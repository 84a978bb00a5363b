"""gunicorn's worker with threads, less the way from thread to thread and back.

`gthread` polls on one thread and answers on others. Threads that wake each other for every request,
and then contend for the interpreter at each of its system calls, cost a quarter to a third of all
that an answer costs (docs/performance.md). Here the thread that polls answers as well. As soon as
an answer takes long, a stand-in polls in its place and hands what comes in to gunicorn's threads,
so that no request waits for a slow one: a large export, a client that sends its body slowly.

A request line that is too long is refused in FHIR's words: searches have long lines.

All else is gunicorn's: parsing, limits, keep-alive, signals, a graceful end. With
`--worker-class gthread` it is all gunicorn's again.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any

import orjson
from gunicorn.http.errors import LimitRequestLine
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

from fhirstore.outcome import failure

LONG_SECONDS = 0.01
"""How long one answer may keep the others waiting. Most take a tenth of it."""
IDLE_SECONDS = 1.0
"""Without requests for so long, the stand-in sleeps until the next."""


_TOO_LONG = (
    b"HTTP/1.1 414 URI Too Long\r\nConnection: close\r\n"
    b"Content-Type: application/fhir+json; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s"
)


def _too_long(most: int) -> bytes:
    text = (
        f"the address and its query are longer than {most} characters; send a search's parameters"
        " as the body of POST {type}/_search"
    )
    return orjson.dumps(failure(code="too-long", text=text))


class InPlaceWorker(ThreadWorker):  # type: ignore[misc]
    """`threads` requests at a time: one where it came in, the others on gunicorn's threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._polling = threading.Lock()
        """Held by whoever polls: what the loop knows of connections is the holder's alone."""
        self._busy_since: float | None = None
        """Since when the main thread is answering."""
        self._answered_at = 0.0
        self._finishing = False
        self._awake = threading.Event()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=max(1, self.cfg.threads - 1))

    def run(self) -> None:
        threading.Thread(target=self._stand_in, name="stand-in", daemon=True).start()
        with self._polling:
            super().run()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """As gunicorn's, but that the other thread may have seen to an event meanwhile."""
        registered = self.poller.get_map()
        for key, _ in self.poller.select(timeout):
            if registered.get(key.fd) is key:
                key.data(key.fileobj)

    def enqueue_req(self, conn: TConn) -> None:
        """Answers what has arrived on the main thread. A new connection waits for its first byte
        where the others wait; a worker that stops has its time to keep, and leaves the answers to
        the threads."""
        if threading.current_thread() is not threading.main_thread() or not self.alive:
            super().enqueue_req(conn)
        elif self._finishing:  # its next request came along with the last: one after another
            self.method_queue.defer(self.enqueue_req, conn)
        elif conn.initialized or conn.data_ready:
            self._finish(conn, self._answered(conn))
        else:
            self._finish(conn, _DEFER)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("a request line is longer than %s characters", exc.max_size)
        try:
            write_nonblock(client, _TOO_LONG % (len(told := _too_long(exc.max_size)), told))
        except OSError as error:  # whoever asked has gone
            self.log.debug("a refusal was not sent: %s", error)

    def _answered(self, conn: TConn) -> Any:
        """Whether the connection may be kept for another request."""
        self._busy_since = monotonic()
        if not self._awake.is_set():
            self._awake.set()
        self._polling.release()
        try:
            return self.handle(conn)
        finally:
            self._busy_since = None
            self._polling.acquire()
            self._answered_at = monotonic()

    def _finish(self, conn: TConn, result: Any) -> None:
        finished: Future[Any] = Future()
        finished.set_result(result)
        self._finishing = True
        try:
            self.finish_request(conn, finished)
        finally:
            self._finishing = False

    def _stand_in(self) -> None:
        while True:
            self._awake.wait()
            sleep(LONG_SECONDS)
            since, now = self._busy_since, monotonic()
            if since is not None:
                if now - since >= LONG_SECONDS:
                    self._poll_while_busy(since)
            elif now - self._answered_at > IDLE_SECONDS:
                self._awake.clear()
                if self._busy_since is not None:  # begun between the two
                    self._awake.set()

    def _poll_while_busy(self, since: float) -> None:
        """What the main thread's loop does, for as long as that answers one request."""
        with self._polling:
            while self._busy_since == since:
                self.notify()
                self.set_accept_enabled(self.alive and self.nr_conns < self.worker_connections)
                self.wait_for_and_dispatch_events(LONG_SECONDS)
                self.murder_keepalived()
                self.murder_pending()
