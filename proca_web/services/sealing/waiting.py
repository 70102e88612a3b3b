"""What a process seals waiting addresses with: a pair of its own for 15 minutes, to the keys of the worker hosts.

A web process opens nothing here, of itself or others, once that pair has ended (protocol 6).
"""

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from proca_web.crypto.boxes import live_pair, transient_seal
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.live_pair import LivePair
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.boxes.worker_key import WorkerKey
from proca_web.crypto.errors import SenderEnded
from proca_web.domain.errors import CannotSealNow, NoWorkerKey
from proca_web.services.sealing import worker_keys

PAIR_SECONDS = 900
READ_EVERY = timedelta(seconds=5)
_TRIES = 3


@dataclass(frozen=True, slots=True)
class WaitSeal:
    """A sealed address, and the smallest id of a worker key it names."""

    key: int
    seal: bytes = field(repr=False)


class WaitingSource:
    """Seals what waits. Keys are read again after five seconds, and whenever none of those that are known will do."""

    def __init__(
        self, identity: bytes, mode: Mode, read: Callable[[], Sequence[WorkerKey]], now: Callable[[], datetime]
    ) -> None:
        self._identity = identity
        self._mode = mode
        self._read = read
        self._now = now
        self._read_at: datetime | None = None
        self._chosen: tuple[WorkerKey, ...] = ()
        self._pair: LivePair | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        _alive.add(self)

    def seal(self, waiting: Waiting, *, throwaway: bool = False) -> WaitSeal:
        """Seal to the worker hosts of this moment. Raises NoWorkerKey: then nothing may be stored; CannotSealNow."""
        keys = self._keys()
        for _ in range(_TRIES):
            try:
                return self._sealed(keys, waiting, throwaway or self._mode is Mode.THROWAWAY)
            except SenderEnded:
                continue
        raise CannotSealNow

    def end(self) -> None:
        """Overwrite this process's pair and what it shares with others; the next seal takes a new one."""
        with self._lock:
            self._end_locked()

    def forget_inherited(self) -> None:
        """In a forked child: the parent's lock and pair are not used."""
        pair, self._pair = self._pair, None
        self._lock, self._timer = threading.Lock(), None
        if pair is not None:
            pair.end()

    def _sealed(self, keys: Sequence[WorkerKey], waiting: Waiting, throwaway: bool) -> WaitSeal:
        pair = live_pair.new_pair() if throwaway else self._own_pair()
        try:
            return WaitSeal(min(key.id for key in keys), transient_seal.seal_waiting(pair, keys, waiting))
        finally:
            if throwaway:
                pair.end()

    def _own_pair(self) -> LivePair:
        with self._lock:
            if self._pair is None or self._pair.ended:
                self._end_locked()
                self._pair = live_pair.new_pair()
                self._timer = threading.Timer(PAIR_SECONDS, self._pair.end)
                self._timer.daemon = True
                self._timer.start()
            return self._pair

    def _end_locked(self) -> None:
        pair, self._pair = self._pair, None
        if self._timer is not None:
            self._timer.cancel()
        if pair is not None:
            pair.end()

    def _keys(self) -> Sequence[WorkerKey]:
        self._refresh()
        if not self._chosen:
            self._refresh(anew=True)
        if not self._chosen:
            raise NoWorkerKey
        return self._chosen

    def _refresh(self, *, anew: bool = False) -> None:
        now = self._now()
        if not anew and self._read_at is not None and abs(now - self._read_at) < READ_EVERY:
            return
        self._chosen, self._read_at = tuple(worker_keys.chosen(self._read(), self._identity, now)), now


_alive: "weakref.WeakSet[WaitingSource]" = weakref.WeakSet()


def _after_fork() -> None:
    for source in list(_alive):
        source.forget_inherited()


os.register_at_fork(after_in_child=_after_fork)
