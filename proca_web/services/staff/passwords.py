"""Passwords of staff, as argon2id. Hashing is slow on purpose and happens outside any open transaction."""

import secrets
from functools import cache

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id

from proca_web.domain.errors import BadSetting

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128


def hash_password(password: str) -> str:
    """Argon2id in libsodium's text form (64 MiB, interactive). Raises BadSetting for a short or endless password."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadSetting(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    hashed = argon2id.str(
        password.encode(), opslimit=argon2id.OPSLIMIT_INTERACTIVE, memlimit=argon2id.MEMLIMIT_INTERACTIVE
    )
    return hashed.decode("ascii")


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; with no hash (unknown user) it takes the same time and is wrong."""
    stored = password_hash.encode("ascii") if password_hash else _nobody()
    try:
        return argon2id.verify(stored, password.encode()[:1024]) and password_hash is not None
    except InvalidkeyError:
        return False


@cache
def _nobody() -> bytes:
    """Verified when nobody has this address, so that the answer takes as long as for a wrong password."""
    return hash_password(secrets.token_urlsafe(16)).encode("ascii")
