"""The keys a run may open rows with: each secret in guarded memory, with its org and the Home it trusts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proca_web.crypto import memory
from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.crypto.keys.keys import fingerprint
from proca_web.crypto.memory import Secret
from proca_web.org_tool.errors import ToolError
from proca_web.org_tool.keys.key_files import home_fingerprint, read_json


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A secret we hold. `org` and `home` (a Home identity's fingerprint) are empty where the run was not told them.

    `must_check`: a row opens only under a pinned Home; a clear keystore without a pin is opened unchecked, and said so.
    """

    org: str
    public: str
    fingerprint: str
    secret: Secret = field(repr=False)
    home: str = ""
    home_box: bytes | None = None
    must_check: bool = True


HeldKeys = dict[str, HeldKey]


def hold(key: OrgKey) -> HeldKey:
    """Take an opened key file's key; the secret moves into guarded memory, the OrgKey's own copy is overwritten."""
    return HeldKey(
        org=key.org,
        public=encode(key.public),
        fingerprint=fingerprint(key.public),
        secret=Secret.taking(key.secret),
        home=home_fingerprint(key.home_identity),
        home_box=decode(key.home_box, memory.KEY_BYTES) if key.home_box else None,
    )


def read_keystore(path: Path, org: str, home: str) -> list[HeldKey]:
    """The keys of Proca's clear keystore, in today's form or the old one. Raises ToolError when it is none."""
    content = read_json(path)
    if not isinstance(content, dict) or not content:
        raise ToolError(f"{path} is not a keystore: it holds no keys.")
    if "format" in content:
        raise ToolError(f"{path} is a key file, not a clear keystore; give it with --key.")
    return [_keystore_key(path, public, entry, org, home) for public, entry in content.items()]


def _keystore_key(path: Path, public: str, entry: Any, org: str, home: str) -> HeldKey:
    private = entry.get("private") if isinstance(entry, dict) else entry
    try:
        named = decode(public, memory.KEY_BYTES)
        secret = Secret.taking(decode(private if isinstance(private, str) else "", memory.KEY_BYTES))
    except EncodingError as error:
        raise ToolError(f"{path} is damaged: a key in it is not 43 characters of base64url.") from error
    if memory.box_public(secret) != named:
        raise ToolError(f"{path} is damaged: the key {fingerprint(named)} does not belong to its secret.")
    pin = home_fingerprint(home)
    return HeldKey(org, public, fingerprint(named), secret, home=pin, must_check=bool(pin))
