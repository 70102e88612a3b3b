"""Sealing one submission's copies, and opening a box with a recipient's secret. Knows bytes, not people."""

from dataclasses import dataclass, field
from datetime import datetime

from proca_web.crypto import memory
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sender import Sender
from proca_web.crypto.errors import SenderEnded
from proca_web.crypto.keys.keys import RecipientKey
from proca_web.crypto.memory import Secret


@dataclass(frozen=True, slots=True)
class Sealed:
    """One encrypted copy: NaCl box and nonce apart, and the rows of both keys (guide: four things are stored)."""

    payload: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    public_key_id: int
    sign_key_id: int


class Sealer:
    """Seals the copies of one submission with one sender; takes the submission's nonces when it is made."""

    def __init__(self, sender: Sender) -> None:
        if sender.row_id is None:
            raise SenderEnded("a sender is used only after its row is committed")
        self._sender = sender
        self._row_id = sender.row_id
        self._block = sender.take_block()

    @property
    def not_before(self) -> datetime:
        """When this sender's time began: nothing it seals may say that it was sealed earlier."""
        return self._sender.not_before

    def end_sender(self) -> None:
        """End the sender of this submission, and only that one: who else used it seals again with the next."""
        self._sender.end()

    def seal(self, plaintext: bytes, recipient: RecipientKey) -> Sealed:
        """crypto_box of `plaintext` to one recipient under the next nonce. Raises SenderEnded, KeyRefused."""
        nonce = self._next_nonce()
        return Sealed(
            payload=self._sender.seal(plaintext, nonce, recipient.public),
            nonce=nonce,
            public_key_id=recipient.id,
            sign_key_id=self._row_id,
        )

    def _next_nonce(self) -> bytes:
        if self._sender.mode is Mode.STATIC:
            return self._sender.take_one()
        if not self._block:
            raise SenderEnded("a submission has at most eight copies")
        return self._block.pop(0)


def seal(plaintext: bytes, nonce: bytes, recipient_public: bytes, sender_secret: Secret) -> bytes:
    """The layer the vectors fix: crypto_box of bytes with a key pair and a nonce; tag first, nonce not included."""
    shared = memory.box_shared(recipient_public, sender_secret)
    try:
        return memory.box_seal(plaintext, nonce, shared)
    finally:
        shared.wipe()


def open_box(payload: bytes, nonce: bytes, sender_public: bytes, recipient_secret: Secret) -> bytes:
    """Open a copy as its recipient. Raises CannotOpen, KeyRefused (low-order sender)."""
    shared = memory.box_shared(sender_public, recipient_secret)
    try:
        return memory.box_open(payload, nonce, shared)
    finally:
        shared.wipe()
