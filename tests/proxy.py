"""A TCP proxy of our own in front of a service that others use too: it can cut, stall and refuse."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Carries bytes between its port and a target until told otherwise."""

    def __init__(self, target: tuple[str, int], port: int = 0) -> None:
        self.target = target
        self.stalls = False
        self.refuses = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """End every connection, as a restart does."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def close(self) -> None:
        """No more of it."""
        self._ended.set()
        self._thread.join()
        self.cut()
        self._listener.close()

    def _carry(self) -> None:
        while not self._ended.is_set():
            other = {}
            for one, two in list(self._pairs):
                other[one], other[two] = two, one
            watched = [self._listener, *([] if self.stalls else other)]
            with suppress(OSError, ValueError):
                for ready in select.select(watched, [], [], 0.01)[0]:
                    if ready is self._listener:
                        self._accept()
                    else:
                        self._pass_on(ready, other[ready])

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self.refuses:
            near.close()
            return
        self._pairs.append((near, socket.create_connection(self.target)))

    def _pass_on(self, source: socket.socket, to: socket.socket) -> None:
        data = source.recv(65536)
        if data:
            to.sendall(data)
            return
        self._pairs = [pair for pair in self._pairs if source not in pair]
        source.close()
        to.close()


@contextmanager
def between(host: str, port: int) -> Iterator[Proxy]:
    """A proxy to that service, for the length of a test."""
    made = Proxy((host, port))
    try:
        yield made
    finally:
        made.close()
