"""A sender: a key pair of the Home Org with certificate and running nonce, that lives short and is wiped (protocol 2).

One lock guards the nonce; a seal in flight is waited for before the secret is overwritten. A sender belongs to the
process that made it and is never written anywhere; only its public half and certificate become a row.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic, time
from typing import Protocol

from proca_web.crypto import memory
from proca_web.crypto.boxes import certificate as certificates
from proca_web.crypto.boxes.certificate import Certificate, Mode
from proca_web.crypto.boxes.live_pair import LivePair
from proca_web.crypto.boxes.nonces import NonceCounter
from proca_web.crypto.errors import SenderEnded
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.memory import Secret

SESSION_SECONDS = 900
SESSION_SUBMISSIONS = 512
BLOCK = 8
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


class Sender(LivePair):
    """One key pair in guarded memory. Make it with `open_sender`; use it through a Sealer."""

    def __init__(self, *, secret: Secret, certificate: Certificate, signed: bytes, clock: Clock) -> None:
        super().__init__(certificate.sender, secret)
        self.mode = certificate.mode
        self.not_before = certificate.not_before
        self.not_after = certificate.not_after
        self.certificate = signed
        self.row_id: int | None = None
        self._counter = NonceCounter(certificate.first_nonce)
        self._submissions = 0
        self._clock = clock
        self._born = (clock.wall(), clock.monotonic())

    def take_block(self) -> list[bytes]:
        """The nonces of one submission: eight, so that a gap tells nothing; `static` counts one by one, see `take_one`.

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

    def seconds_left(self) -> float:
        """Until this sender's time is over; zero for one without an end."""
        return max(0.0, self.not_after.timestamp() - self._clock.wall()) if self.not_after else 0.0

    def _wipe(self) -> None:
        if self.mode is Mode.STATIC:  # the static secret is the Home key's own and lives as long as the process
            self._wipe_shared()
        else:
            super()._wipe()

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
