"""What keys vouch for with a signature, as the exact bytes that are signed (protocol 5), and how one is checked.

The Home identity signs endorsements, log heads and its own successor; an org's sign key signs that org's rotation.
"""

from dataclasses import dataclass

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from proca_web.crypto.encoding import be64, decode, encode, sized
from proca_web.crypto.errors import EncodingError, StatementRefused
from proca_web.crypto.labels import digest, label

ORG_KEY = "org-key"
ORG_ROTATE = "org-rotate"
HOME_ROTATE = "home-rotate"
LOG_ENTRY = "keylog-entry"
LOG_HEAD = "keylog-head"
DIRECTORY = "keys-json"
SIGNATURE_BYTES = 64
_LAST_SECOND = 253402300799  # of the year 9999: what a calendar can still show


def is_signed(public: bytes, purpose: str, data: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) is that key's over L(purpose) ‖ data."""
    if len(public) != 32 or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + label(purpose) + data, public)
    except BadSignatureError:
        return False
    return True


def org_key(org: str, role: str, public: bytes, log_index: int) -> bytes:
    """What an endorsement signs: this key receives for this org in this role since that entry of the key log."""
    return sized(org) + sized(role) + public + be64(log_index)


def home_rotation(identity: bytes, box: bytes, time: int) -> bytes:
    """What the old Home identity signs about its successor; `time` in seconds of the epoch."""
    return identity + box + be64(time)


def log_head(size: int, last_hash: bytes, time: int) -> bytes:
    """What a head of the key log signs: so many entries, the hash of the last one, and when that was said."""
    return be64(size) + last_hash + be64(time)


def log_entry(index: int, entry_hash: bytes) -> bytes:
    """What is signed about one entry of the key log, so that nobody else can append one."""
    return be64(index) + entry_hash


@dataclass(frozen=True, slots=True)
class OrgRotation:
    """An org's old sign key says which key comes next. As text: the time in seconds, a dot, 64 bytes of base64url."""

    time: int
    signature: bytes

    @classmethod
    def sign(cls, secret: bytes, org: str, old: bytes, new: bytes, new_sign: bytes, time: int) -> "OrgRotation":
        """Signed with the sign key that follows from the old X25519 secret."""
        _, sign_secret = crypto_sign_seed_keypair(digest(32, "org-sign", secret))
        message = label(ORG_ROTATE) + _rotation(org, old, new, new_sign, time)
        return cls(time, crypto_sign(message, sign_secret)[:SIGNATURE_BYTES])

    @classmethod
    def read(cls, text: str) -> "OrgRotation":
        """From its text. Raises StatementRefused."""
        seconds, dot, signature = text.strip().partition(".")
        if not dot or not seconds.isascii() or not seconds.isdigit() or len(seconds) > 12:
            raise StatementRefused("a rotation is a time in seconds, a dot and a signature")
        if int(seconds) > _LAST_SECOND:
            raise StatementRefused("a time that is no time")
        try:
            return cls(int(seconds), decode(signature, SIGNATURE_BYTES))
        except EncodingError as error:
            raise StatementRefused(f"the signature of this rotation is damaged: {error}") from error

    def is_by(self, sign_public: bytes, org: str, old: bytes, new: bytes, new_sign: bytes) -> bool:
        """Whether the old sign key signed exactly this change."""
        return is_signed(sign_public, ORG_ROTATE, _rotation(org, old, new, new_sign, self.time), self.signature)

    def __str__(self) -> str:
        return f"{self.time}.{encode(self.signature)}"


def _rotation(org: str, old: bytes, new: bytes, new_sign: bytes, time: int) -> bytes:
    return sized(org) + old + new + new_sign + be64(time)
