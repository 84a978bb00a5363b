"""gunicorn's settings for `python -m connectors.sandbox`: one process, because its state is one."""

from __future__ import annotations

workers = 1
threads = 8
worker_class = "gthread"
control_socket_disable = True
