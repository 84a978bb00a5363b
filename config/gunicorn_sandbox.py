"""The sandbox's server: one process, so that what its control API switches holds for all."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config import env, logs

logs.configure(logs.CONFIG)

_default = env.integer("PORT", 8000, minimum=1) + 1000
bind = f"{env.text('HOST', '127.0.0.1')}:{env.integer('SANDBOX_PORT', _default, minimum=1)}"
worker_class = "gthread"
workers = 1
threads = 16
timeout = 60
graceful_timeout = 5
keepalive = 30
logconfig_dict = {
    **logs.CONFIG,
    "loggers": {**logs.CONFIG["loggers"], "gunicorn.access": {"level": "WARNING", "handlers": []}},
}
control_socket_disable = True
