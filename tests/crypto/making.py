"""What the tests of keys and senders share: two clocks moved by hand, a Home key, senders, and a forked child."""

import json
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

from nacl._sodium import ffi
from nacl.public import Box, PrivateKey, PublicKey

from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sender import Clock, Sender, open_sender
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import RecipientKey, fingerprint
from proca_web.crypto.memory import Secret

NOON = 1_767_225_600.0  # 2026-01-01T00:00:00Z, a whole minute
FIRST_NONCE = bytes(range(24))


class TwoClocks:
    """The wall clock and the steady one; `forward` moves both, `jump` the wall clock alone, as a restored machine."""

    def __init__(self, wall: float = NOON) -> None:
        self._wall, self._steady = wall, 5000.0

    def wall(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._steady

    def forward(self, seconds: float) -> None:
        self._wall += seconds
        self._steady += seconds

    def jump(self, seconds: float) -> None:
        self._wall += seconds


def home_of(secret: bytes) -> HomeKey:
    """The Home key with these 32 bytes."""
    return HomeKey(bytearray(encode(secret).encode()))


def new_home() -> HomeKey:
    """A Home key nobody has."""
    return home_of(os.urandom(32))


def new_sender(
    mode: Mode = Mode.SESSION,
    *,
    home: HomeKey | None = None,
    first_nonce: bytes = FIRST_NONCE,
    clock: Clock | None = None,
) -> Sender:
    """A sender whose row is committed."""
    sender = open_sender(home or new_home(), mode, first_nonce=first_nonce, clock=clock or TwoClocks())
    sender.row_id = 1
    return sender


def key_of(secret: PrivateKey, row: int = 2) -> RecipientKey:
    """The active key of an org."""
    public = bytes(secret.public_key)
    return RecipientKey(row, public, "recipient", fingerprint(public))


def opened(payload: bytes, nonce: bytes, sender_public: bytes, secret: PrivateKey) -> bytes:
    """What an org reads, with raw PyNaCl."""
    return Box(secret, PublicKey(sender_public)).decrypt(payload, nonce)


def peek(secret: Secret) -> bytes:
    """The bytes that a Secret hands out to nobody."""
    return bytes(ffi.buffer(secret.pointer, secret.size))


def number(nonce: bytes) -> int:
    """A nonce as the big-endian number it counts with."""
    return int.from_bytes(nonce, "big")


def in_child(act: Callable[[], object]) -> Any:
    """What `act` gives in a forked child, through JSON. A child that hangs is killed after five seconds."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(5)
        try:
            answer: dict[str, object] = {"gave": act()}
        except BaseException:
            answer = {"raised": traceback.format_exc()}
        os.write(outlet, json.dumps(answer).encode())
        os._exit(0)
    os.close(outlet)
    with os.fdopen(inlet, "rb") as pipe:
        answer = json.loads(pipe.read() or '{"raised": "the child hung"}')
    os.waitpid(child, 0)
    assert "raised" not in answer, answer["raised"]
    return answer["gave"]
