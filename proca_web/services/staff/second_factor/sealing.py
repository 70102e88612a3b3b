"""What an app's codes are made from is kept sealed: a database alone opens none, and one person's none of another's."""

from collections.abc import Sequence

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from proca_web.crypto.encoding import be64
from proca_web.crypto.labels import keyed


def seal(content: bytes, user_id: int, keys: Sequence[str], purpose: str = "factor") -> bytes:
    """Seal something of this person under today's secret key, the first of `keys`."""
    return bytes(_box(keys[0], user_id, purpose).encrypt(content))


def open_(sealed: bytes, user_id: int, keys: Sequence[str], purpose: str = "factor") -> tuple[bytes, bool] | None:
    """What was sealed, and whether the key of before opened it; None when no key does."""
    for key in keys:
        try:
            return _box(key, user_id, purpose).decrypt(sealed), key != keys[0]
        except CryptoError:
            continue
    return None


def _box(key: str, user_id: int, purpose: str) -> SecretBox:
    return SecretBox(keyed(purpose, key.encode(), be64(user_id)))
