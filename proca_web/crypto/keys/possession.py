"""Proof of possession: a challenge only the holder of an org's secret can answer (protocol 5).

The holder's side opens nothing but challenges: whatever is not exactly one is refused before or after opening, alike
and without a word of its content, so that this ceremony can never serve to read a stored row.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from proca_web.crypto import memory
from proca_web.crypto.encoding import be64, decode, encode
from proca_web.crypto.errors import CannotOpen, ChallengeRefused, EncodingError, KeyRefused
from proca_web.crypto.labels import keyed, label
from proca_web.crypto.memory import KEY_BYTES, MAC_BYTES, NONCE_BYTES, Secret

FORMAT = "proca-web-challenge"
ID_BYTES = 16
PLAINTEXT_BYTES = 169
BOX_BYTES = PLAINTEXT_BYTES + MAC_BYTES
NOT_A_CHALLENGE = "this is not a challenge for this key; nothing was opened"
TOO_OLD = "this challenge is too old, or the clock here is wrong; take a new one from the console"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PREFIX = label("pop")
_SIZES = {"id": ID_BYTES, "public": KEY_BYTES, "ephemeral": KEY_BYTES, "nonce": NONCE_BYTES, "box": BOX_BYTES}


@dataclass(frozen=True, slots=True)
class Challenge:
    """A sealed question to the holder of one key. As JSON: the members below, bytes as base64url."""

    id: bytes
    org: str
    public: bytes
    ephemeral: bytes
    nonce: bytes
    box: bytes = field(repr=False)
    expires_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The form in which it travels."""
        return {
            "format": FORMAT,
            "version": 1,
            "id": encode(self.id),
            "org": self.org,
            "public": encode(self.public),
            "ephemeral": encode(self.ephemeral),
            "nonce": encode(self.nonce),
            "box": encode(self.box),
            "expires_at": self.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    @classmethod
    def loads(cls, text: str) -> "Challenge":
        """From its JSON text. Raises ChallengeRefused for whatever has another shape, its box unopened."""
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ChallengeRefused(NOT_A_CHALLENGE) from error
        if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("version") != 1:
            raise ChallengeRefused(NOT_A_CHALLENGE)
        org, until = content.get("org"), content.get("expires_at")
        if not isinstance(org, str) or not isinstance(until, str):
            raise ChallengeRefused(NOT_A_CHALLENGE)
        try:
            parts = {name: decode(content[name], size) for name, size in _SIZES.items()}
            expires_at = datetime.strptime(until, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except (EncodingError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise ChallengeRefused(NOT_A_CHALLENGE) from error
        if expires_at < _EPOCH:
            raise ChallengeRefused(NOT_A_CHALLENGE)
        return cls(org=org, expires_at=expires_at, **parts)


def pose(identity: bytes, org: str, public: bytes, expires_at: datetime) -> tuple[Challenge, bytes]:
    """A new challenge to the holder of `public`, and the one answer to it (32 bytes).

    `expires_at` in whole seconds. Raises KeyRefused for a low-order key.
    """
    id_, random, nonce = secrets.token_bytes(ID_BYTES), secrets.token_bytes(32), secrets.token_bytes(NONCE_BYTES)
    ephemeral, secret = memory.new_box_pair()
    try:
        shared = memory.box_shared(public, secret)
    finally:
        secret.wipe()
    try:
        box = memory.box_seal(_about(identity, org, public, id_, expires_at) + random, nonce, shared)
    finally:
        shared.wipe()
    return Challenge(id_, org, public, ephemeral, nonce, box, expires_at), _answer(random, id_, identity, public)


def answer(challenge: Challenge, secret: Secret, *, identity: bytes, org: str, now: datetime) -> bytes:
    """The answer (32 bytes) to a challenge posed by the *pinned* identity to this org and key.

    Raises ChallengeRefused, in the same words for everything that is no such challenge, and when it is too late.
    """
    public = memory.box_public(secret)
    if len(challenge.box) != BOX_BYTES or challenge.public != public or challenge.org != org:
        raise ChallengeRefused(NOT_A_CHALLENGE)
    # What must be in the box is made before it is opened, and what is in it never reaches this frame.
    random = _random_of(challenge, secret, _about(identity, org, public, challenge.id, challenge.expires_at))
    if not random:
        raise ChallengeRefused(NOT_A_CHALLENGE)
    if now >= challenge.expires_at:
        raise ChallengeRefused(TOO_OLD)
    return _answer(random, challenge.id, identity, public)


def _random_of(challenge: Challenge, secret: Secret, about: bytes) -> bytes:
    """The 32 random bytes of exactly this challenge; nothing when the box holds anything else or does not open."""
    try:
        shared = memory.box_shared(challenge.ephemeral, secret)
    except KeyRefused:
        return b""
    try:
        opened = memory.box_open(challenge.box, challenge.nonce, shared)
    except CannotOpen:
        return b""
    finally:
        shared.wipe()
    return opened[-32:] if opened[:-32] == about else b""


def _about(identity: bytes, org: str, public: bytes, id_: bytes, expires_at: datetime) -> bytes:
    """The first 137 bytes: who asks whom, about which key, until when."""
    org_hash = hashlib.sha256(org.encode()).digest()
    return _PREFIX + identity + org_hash + public + id_ + be64(int(expires_at.timestamp()))


def _answer(random: bytes, id_: bytes, identity: bytes, public: bytes) -> bytes:
    return keyed("pop-answer", random + id_, identity + public)
