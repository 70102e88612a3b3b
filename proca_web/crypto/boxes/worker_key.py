"""A worker host's hourly key: the Home identity vouches that what waits may be sealed to it (protocol 6).

No time is judged here: who chooses among keys does that, against its own clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from proca_web.crypto.encoding import be64, sized
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.labels import label

LIFE = timedelta(hours=6)
_PURPOSE = "worker-key"


@dataclass(frozen=True, slots=True)
class WorkerKey:
    """The public half of one hour's key of one worker host. Times are UTC, whole seconds."""

    id: int
    host: str
    public: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime
    certificate: bytes = field(repr=False)

    def is_vouched_for(self, identity: bytes) -> bool:
        """Whether that identity signed host, key and times, and the times are as long as they may be."""
        if self.not_after - self.not_before != LIFE:
            return False
        message = label(_PURPOSE) + _body(self.host, self.public, self.not_before, self.not_after)
        try:
            crypto_sign_open(self.certificate + message, identity)
        except (BadSignatureError, ValueError):
            return False
        return True


def issue(home: HomeKey, host: str, public: bytes, not_before: datetime) -> bytes:
    """Sign("worker-key", be32-host ‖ public ‖ be64 not_before ‖ be64 not_after): 64 bytes."""
    return home.sign(_PURPOSE, _body(host, public, not_before, not_before + LIFE))


def _body(host: str, public: bytes, not_before: datetime, not_after: datetime) -> bytes:
    times = be64(int(not_before.timestamp())) + be64(int(not_after.timestamp()))
    return sized(host) + public + times
