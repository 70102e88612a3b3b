"""A key pair that lives short, in guarded memory: one process seals with it, and nothing of it is ever written.

Its end refuses new seals, waits for those in flight, then overwrites every key.
"""

import os
import threading

from proca_web.crypto import memory
from proca_web.crypto.errors import SenderEnded
from proca_web.crypto.memory import Secret


class LivePair:
    """An X25519 pair with the keys it shares with others, which are made once for each."""

    def __init__(self, public: bytes, secret: Secret) -> None:
        self.public = public
        self._secret = secret
        self._shared: dict[bytes, Secret] = {}
        self._pid = os.getpid()
        self._state = threading.Condition(threading.Lock())
        self._in_flight = 0
        self._ended = False

    @property
    def ended(self) -> bool:
        """True once this pair seals nothing more here: it has ended, or belongs to another process."""
        return self._ended or self._pid != os.getpid()

    def seal(self, plaintext: bytes, nonce: bytes, recipient: bytes) -> bytes:
        """crypto_box from this pair to `recipient`; waits for nobody, and makes `end` wait for it."""
        self._enter()
        try:
            return memory.box_seal(plaintext, nonce, self._shared_key(recipient))
        finally:
            self._leave()

    def open(self, payload: bytes, nonce: bytes, other: bytes) -> bytes:
        """Open a box between this pair and another one. Raises CannotOpen, SenderEnded, KeyRefused."""
        self._enter()
        try:
            return memory.box_open(payload, nonce, self._shared_key(other))
        finally:
            self._leave()

    def end(self) -> None:
        """Refuse new seals, wait for those in flight, overwrite every key; safe to repeat."""
        if self._pid != os.getpid():
            self._abandon()
            return
        with self._state:
            self._ended = True
            while self._in_flight:
                self._state.wait()
            self._wipe()

    def _abandon(self) -> None:
        # Inherited by a fork: its lock may be held by a thread that does not exist here, so it is not touched.
        self._ended = True
        self._wipe()

    def _wipe(self) -> None:
        self._secret.wipe()
        self._wipe_shared()

    def _wipe_shared(self) -> None:
        for shared in self._shared.values():
            shared.wipe()
        self._shared.clear()

    def _enter(self) -> None:
        self._check_process()
        with self._state:
            if self._ended:
                raise SenderEnded("this sender has ended")
            self._in_flight += 1

    def _leave(self) -> None:
        with self._state:
            self._in_flight -= 1
            if self._ended:
                self._state.notify_all()

    def _shared_key(self, other: bytes) -> Secret:
        shared = self._shared.get(other)
        if shared is None:
            shared = self._shared.setdefault(other, memory.box_shared(other, self._secret))
        return shared

    def _check_process(self) -> None:
        # Before any lock: an inherited one may be held by a thread that does not exist here.
        if self._pid != os.getpid():
            raise SenderEnded("this sender belongs to another process")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} ended={self._ended}>"

    def __reduce__(self) -> str:
        raise TypeError("a key pair that lives here is never copied or pickled")


def new_pair() -> LivePair:
    """A fresh pair of this process."""
    return LivePair(*memory.new_box_pair())
