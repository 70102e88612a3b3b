"""The senders of this process: one at a time, its row committed before its first use, replaced when it ends.

This is the one room with a commit of its own outside the route's (protocol 2, "row first"): `register` does it.
"""

import os
import secrets
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sealing import Sealer
from proca_web.crypto.boxes.sender import Clock, Sender, SystemClock, open_sender
from proca_web.crypto.errors import SenderEnded
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.memory import NONCE_BYTES

Register = Callable[[Sender], int]
_NOBODY_LOOKED = object()


class SenderSource:
    """Hands out a Sealer for each submission; made at app start, when it draws the first nonce."""

    def __init__(
        self,
        home: HomeKey,
        mode: Mode,
        register: Register,
        clock: Clock | None = None,
    ) -> None:
        self.home = home
        self.mode = mode
        self._register = register
        self._clock = clock or SystemClock()
        self._asked: Hashable = _NOBODY_LOOKED
        self._sender: Sender | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._first_nonces = [secrets.token_bytes(NONCE_BYTES)]
        self._pid = os.getpid()
        _alive.add(self)

    @contextmanager
    def submission(self, *, throwaway: bool = False) -> Iterator[Sealer]:
        """A Sealer for one submission; `throwaway` forces a sender of its own, wiped at the end."""
        self._check_process()
        if throwaway or self.mode is Mode.THROWAWAY:
            sender = self._open(Mode.THROWAWAY)
            try:
                yield Sealer(sender)
            finally:
                sender.end()
        else:
            yield self._sealer()

    def holder_of(self, sign_key_id: int) -> Sender | None:
        """The sender with that row, while it lives in this process."""
        sender = self._sender
        return sender if sender is not None and not sender.ended and sender.row_id == sign_key_id else None

    def heed(self, asked: Hashable) -> bool:
        """When an operator last asked senders to end: if that is not what it was, this one ends. Whether it did."""
        self._check_process()
        with self._lock:
            before, self._asked = self._asked, asked
            if before in (asked, _NOBODY_LOOKED):
                return False
            self._end_locked()
            return True

    def end(self) -> None:
        """Wipe the current sender; the next submission takes a new one."""
        self._check_process()
        with self._lock:
            self._end_locked()

    def _sealer(self) -> Sealer:
        with self._lock:
            if self._sender is not None:
                try:
                    return Sealer(self._sender)
                except SenderEnded:
                    self._end_locked()
            self._sender = self._open(self.mode)
            return Sealer(self._sender)

    def _end_locked(self) -> None:
        sender, self._sender = self._sender, None
        if self._timer is not None:
            self._timer.cancel()
        if sender is not None:
            sender.end()

    def _open(self, mode: Mode) -> Sender:
        sender = open_sender(self.home, mode, first_nonce=self._draw(), clock=self._clock)
        try:
            sender.row_id = self._register(sender)
        except BaseException:
            sender.end()
            raise
        if mode is Mode.SESSION:
            self._end_on_time(sender)
        return sender

    def _draw(self) -> bytes:
        try:
            return self._first_nonces.pop()  # one step: two threads never get the same
        except IndexError:
            return secrets.token_bytes(NONCE_BYTES)

    def _end_on_time(self, sender: Sender) -> None:
        """An idle sender ends too, whatever the wall clock does meanwhile."""
        self._timer = threading.Timer(sender.seconds_left(), sender.end)
        self._timer.daemon = True
        self._timer.start()

    def _check_process(self) -> None:
        # For a fork that Python was not told of, so that no hook ran.
        if self._pid != os.getpid():
            self.forget_inherited()

    def forget_inherited(self) -> None:
        """In a forked child: the parent's lock and sender are not used; the sender's memory is zero or wiped here."""
        sender, self._sender = self._sender, None
        self._lock, self._timer, self._pid = threading.Lock(), None, os.getpid()
        self._first_nonces = [secrets.token_bytes(NONCE_BYTES)]
        if sender is not None:
            sender.end()


_alive: "weakref.WeakSet[SenderSource]" = weakref.WeakSet()


def _after_fork() -> None:
    for source in list(_alive):
        source.forget_inherited()


os.register_at_fork(after_in_child=_after_fork)
