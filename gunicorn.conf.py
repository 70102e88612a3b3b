"""What `gunicorn wsgi:app` needs here; gunicorn reads this file from the working directory.

The app is loaded before workers are forked: a bad configuration ends the whole server with one message and exit 2
before a port is open. Loaded in the workers, the same fault would be met by starting new workers for ever. Nothing is
open at that moment that a fork could share; senders, database and queue are opened by the worker that uses them.
"""

from typing import Any

from proca_web.adapters import logs
from proca_web.adapters.alive import presence

# Before the server has loggers: what it writes by itself about a request that it cannot read holds path and address.
logs.protect()

preload_app = True
# A download may take as long as its reader needs: with threads a worker says meanwhile that it lives; without, it is
# killed after 30 s and the file ends in the middle.
worker_class = "proca_web.web.arriving.connections.Worker"
threads = 8
# Paths hold the tokens of mailed links.
accesslog = None
# A socket in the home directory through which whoever runs as this user commands the server: nobody here needs it.
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """In each worker, after the fork: `upgrade` on another machine must see that it serves."""
    presence.begin(worker.wsgi)


def worker_exit(_server: Any, worker: Any) -> None:
    """In each worker, at its end."""
    presence.end(worker.wsgi)
