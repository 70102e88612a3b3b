"""gunicorn's threaded worker, closing each connection in the thread that answered it.

gunicorn closes them in the one loop that accepts, and waits there for the other side to close, up to two seconds each:
a visitor on a bad line, or one who means it, stops everybody else's. Loaded by gunicorn alone (`gunicorn.conf.py`).
"""

from concurrent.futures import Future
from typing import Any

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """Threads that answer, and one loop that only accepts."""

    def handle(self, conn: Any) -> Any:
        """Answer one request, in a thread of the pool; what is not kept alive is closed here."""
        kept = super().handle(conn)
        if kept is False:
            conn.close(graceful=True)
        return kept

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        """In the loop, when a thread has answered: one connection fewer, where that is closed already."""
        if not fs.cancelled() and fs.exception() is None and fs.result() is False:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)
