"""Passwords of orgs' own mail servers, sealed: a database alone opens none. The web seals, the worker alone opens.

What is sealed says where it belongs: a row that was changed behind our back, or copied to another org, sends no
password to another server.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from proca_web.crypto.labels import keyed

_PURPOSE = "settings"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a password is used: no other place gets it."""

    org: str
    server: str
    port: int
    username: str


def seal(password: str, place: Place, keys: Sequence[str]) -> bytes:
    """Seal it under today's secret key, the first of `keys`."""
    content = json.dumps([*_parts(place), password], ensure_ascii=False)
    return bytes(_box(keys[0]).encrypt(content.encode()))


def open_(sealed: bytes, place: Place, keys: Sequence[str]) -> tuple[str, bool] | None:
    """The password, and whether the key of before opened it; None when no key does, or it belongs elsewhere."""
    for key in keys:
        try:
            *parts, password = json.loads(_box(key).decrypt(sealed))
        except (CryptoError, ValueError):
            continue
        return (str(password), key != keys[0]) if parts == _parts(place) else None
    return None


def _parts(place: Place) -> list[str | int]:
    return [place.org, place.server, place.port, place.username]


def _box(key: str) -> SecretBox:
    return SecretBox(keyed(_PURPOSE, key.encode()))
