"""An app behind a real web server in a thread of this process, on a port of this computer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from proca_web.extensions import db


def listening(port: int = 0) -> socket.socket:
    """A socket on that port, or on one that nobody uses."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", port))
    return found


@contextmanager
def serving(app: Flask, on: socket.socket) -> Iterator[None]:
    """Serve it until the block ends; then nothing of it is open."""
    with on:
        server = create_server(app, sockets=[on], threads=4, ident=None)
        thread = threading.Thread(target=server.run, name="live server")
        thread.start()
        try:
            yield
        finally:
            # Everything is closed by the thread that polls it, else it would poll a socket that is gone.
            with suppress(OSError):  # it was awake already, and has closed what would wake it
                server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map, ignore_all=True))
            thread.join(10)
            server.task_dispatcher.shutdown()
            with app.app_context():
                app.extensions["proca_encryption"].end()
                db.engine.dispose()
