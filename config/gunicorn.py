"""The web server: `gunicorn -c config/gunicorn.py config.wsgi:application`.

Headers (wire contract 3.2): clients send credentials in headers literally named `client_id` and
`client_secret`. WSGI spells `client_id` and `client-id` alike, so gunicorn drops names with an
underscore. Its list of headers that a proxy may set lets exactly these two pass; all others stay
dropped, or `x_forwarded_proto` would pass for `x-forwarded-proto`. For that list every peer counts
as a proxy, so nothing else may hang on that trust: no scheme is taken from headers (config/wsgi.py
takes it from ONEUP_PUBLIC_BASE_URL).
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config import env, logs
from config.access_log import AccessLogger

logs.configure(logs.CONFIG)

bind = f"{env.text('HOST', '127.0.0.1')}:{env.integer('PORT', 8000, minimum=1)}"
worker_class = "config.web_worker.InPlaceWorker"
workers = env.integer("WEB_WORKERS", min(8, 2 * (os.cpu_count() or 1)), minimum=1)
# Threads of a process wait for one another: with four a request costs a quarter more than with two.
threads = env.integer("WEB_THREADS", 2, minimum=1)
preload_app = True
# A request nobody waits for any more must not keep the database; jobs may take their time.
raw_env = [f"STATEMENT_SECONDS={env.integer('STATEMENT_SECONDS', 60, minimum=0)}"]
timeout = 60
graceful_timeout = 10
keepalive = 30

header_map = "drop"
forwarder_headers = "CLIENT_ID,CLIENT_SECRET"
forwarded_allow_ips = "*"
secure_scheme_headers: dict[str, str] = {}
limit_request_line = 8190

logconfig_dict = logs.CONFIG
logger_class = AccessLogger
# Instances side by side would share one socket in the home directory.
control_socket_disable = True


def when_ready(_server: Any) -> None:
    """Before the processes are forked: what is loaded stays, so nobody need look through it for
    cycles, nor copy it by looking. A request makes some thousand objects and hardly a cycle; looked
    at every 700, as is Python's way, they cost a fifth of the request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pre_request(_worker: Any, _request: Any) -> None:
    """Nothing: gunicorn's own would offer each request to a log that does not take it."""
