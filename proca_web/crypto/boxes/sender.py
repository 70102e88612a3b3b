"""A sender: a key pair of the Home Org with certificate and running nonce, that lives short and is wiped (protocol 2).

One lock guards the nonce; a seal in flight is waited for before the secret is overwritten. A sender belongs to the
process that made it and is never written anywhere; only its public half and certificate become a row.
"""

import os
import threading
from datetime import UTC, datetime, timedelta
from time import monotonic, time
from typing import Protocol

from proca_web.crypto import memory
from proca_web.crypto.boxes import certificate as certificates
from proca_web.crypto.boxes.certificate import Certificate, Mode
from proca_web.crypto.boxes.nonces import NonceCounter
from proca_web.crypto.errors import SenderEnded
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.memory import Secret

SESSION_SECONDS = 900
SESSION_SUBMISSIONS = 1024
BLOCK = 4
CLOCK_JUMP_SECONDS = 2.0


class Clock(Protocol):
    """The two clocks a sender compares: seconds since the epoch, and seconds that only go forward."""

    def wall(self) -> float: ...
    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> float:
        """Seconds since 1970, UTC."""
        return time()

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return monotonic()


class Sender:
    """One key pair in guarded memory. Make it with `open_sender`; use it through a Sealer."""

    def __init__(self, *, secret: Secret, certificate: Certificate, signed: bytes, clock: Clock) -> None:
        self.mode = certificate.mode
        self.public = certificate.sender
        self.not_before = certificate.not_before
        self.not_after = certificate.not_after
        self.certificate = signed
        self.row_id: int | None = None
        self._secret = secret
        self._shared: dict[bytes, Secret] = {}
        self._counter = NonceCounter(certificate.first_nonce)
        self._submissions = 0
        self._pid = os.getpid()
        self._clock = clock
        self._born = (clock.wall(), clock.monotonic())
        self._state = threading.Condition(threading.Lock())
        self._in_flight = 0
        self._ended = False

    @property
    def ended(self) -> bool:
        """True once this sender seals nothing more."""
        return self._ended

    def take_block(self) -> list[bytes]:
        """The nonces of one submission: four, so that a gap tells nothing; `static` counts one by one, see `take_one`.

        Raises SenderEnded when the sender is inherited, over age, used up, or the clock has jumped.
        """
        self._check_process()
        with self._state:
            self._check_alive()
            self._counter.require(1)
            self._submissions += 1
            return [] if self.mode is Mode.STATIC else self._counter.take(BLOCK)

    def take_one(self) -> bytes:
        """The next single nonce, for `static` senders, as Proca counts."""
        self._check_process()
        with self._state:
            self._check_alive()
            return self._counter.take(1)[0]

    def seal(self, plaintext: bytes, nonce: bytes, recipient: bytes) -> bytes:
        """crypto_box from this sender to `recipient`; waits for nobody, and makes `end` wait for it."""
        self._enter()
        try:
            return memory.box_seal(plaintext, nonce, self._shared_key(recipient))
        finally:
            self._leave()

    def open(self, payload: bytes, nonce: bytes, recipient: bytes) -> bytes:
        """Open one of this sender's own boxes while it lives. Raises CannotOpen, SenderEnded."""
        self._enter()
        try:
            return memory.box_open(payload, nonce, self._shared_key(recipient))
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

    def seconds_left(self) -> float:
        """Until this sender's time is over; zero for one without an end."""
        return max(0.0, self.not_after.timestamp() - self._clock.wall()) if self.not_after else 0.0

    def _abandon(self) -> None:
        # Inherited by a fork: its lock may be held by a thread that does not exist here, so it is not touched.
        self._ended = True
        self._wipe()

    def _wipe(self) -> None:
        if self.mode is not Mode.STATIC:  # the static secret is the Home key's own and lives as long as the process
            self._secret.wipe()
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

    def _shared_key(self, recipient: bytes) -> Secret:
        shared = self._shared.get(recipient)
        if shared is None:
            shared = self._shared.setdefault(recipient, memory.box_shared(recipient, self._secret))
        return shared

    def _check_process(self) -> None:
        # Before any lock: an inherited one may be held by a thread that does not exist here.
        if self._pid != os.getpid():
            raise SenderEnded("this sender belongs to another process")

    def _check_alive(self) -> None:
        if self._ended:
            raise SenderEnded("this sender has ended")
        wall, steady = self._clock.wall(), self._clock.monotonic()
        if abs((wall - self._born[0]) - (steady - self._born[1])) > CLOCK_JUMP_SECONDS:
            raise SenderEnded("the clock has jumped")
        if self.not_after is not None and wall >= self.not_after.timestamp():
            raise SenderEnded("this sender is over age")
        limit = {Mode.SESSION: SESSION_SUBMISSIONS, Mode.THROWAWAY: 1}.get(self.mode)
        if limit is not None and self._submissions >= limit:
            raise SenderEnded("this sender is used up")

    def __repr__(self) -> str:
        return f"<Sender {self.mode.name.lower()} ended={self._ended}>"

    def __reduce__(self) -> str:
        raise TypeError("a sender is never copied or pickled")


def open_sender(home: HomeKey, mode: Mode, *, first_nonce: bytes, clock: Clock) -> Sender:
    """Make a sender of the Home Org: a fresh pair and its certificate, or in `static` mode the Home pair itself."""
    start = datetime.fromtimestamp(int(clock.wall()), UTC)
    if mode is Mode.STATIC:
        public, secret, end, nonces = home.box_public, home.box_secret, None, 0
    else:
        public, secret = memory.new_box_pair()
        end = start + timedelta(seconds=SESSION_SECONDS)
        nonces = BLOCK * (SESSION_SUBMISSIONS if mode is Mode.SESSION else 1)
    certificate = Certificate(
        identity=home.identity,
        home_box=home.box_public,
        sender=public,
        mode=mode,
        not_before=start,
        not_after=end,
        first_nonce=first_nonce,
        nonces=nonces,
    )
    return Sender(secret=secret, certificate=certificate, signed=certificates.issue(home, certificate), clock=clock)
