"""Makes what a platform publishes of its keys, with raw PyNaCl and hashlib: no reader is tested by itself."""

import hashlib
import hmac
import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

from nacl.public import PrivateKey
from nacl.signing import SigningKey

from proca_web.crypto.keys.home import HomeKey
from tests.org_tool.export_maker import b64

AT = "2026-03-01T12:00:00Z"


def labelled(purpose: str) -> bytes:
    """L(x) of protocol 0."""
    return b"proca-web:" + purpose.encode() + b":v1\x00"


def be64(number: int) -> bytes:
    """Eight bytes, big-endian."""
    return number.to_bytes(8, "big")


def sized(text: str) -> bytes:
    """be32(length) and the bytes."""
    return len(text.encode()).to_bytes(4, "big") + text.encode()


def entry_hash(previous: bytes, text: str) -> bytes:
    """hash_i of the interface."""
    return hashlib.sha512(labelled("keylog") + previous + text.encode()).digest()[:32]


class RawHome:
    """A Home Org's two keys, from the 32 bytes of its file."""

    def __init__(self, secret: bytes | None = None) -> None:
        self.secret = secret or os.urandom(32)
        seed = hmac.digest(self.secret, labelled("home-identity"), hashlib.sha512)[:32]
        self.signing = SigningKey(seed)
        self.identity = bytes(self.signing.verify_key)
        self.box = bytes(PrivateKey(self.secret).public_key)

    def sign(self, purpose: str, data: bytes) -> bytes:
        """Sign(x, d)."""
        return self.signing.sign(labelled(purpose) + data).signature

    def key(self) -> HomeKey:
        """The same as the server has it, to make senders with."""
        return HomeKey(bytearray(b64(self.secret).encode()))


@dataclass(frozen=True)
class RawKey:
    """An org's key as it is published."""

    org: str
    public: bytes
    sign_public: str = ""
    role: str = "recipient"


@dataclass
class Platform:
    """A platform with a Home Org, a key log and published keys; every part can be made wrong by name."""

    home: RawHome = field(default_factory=RawHome)
    entries: list[str] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    keys: list[tuple[RawKey, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.entries:
            self.log("home", identity=b64(self.home.identity), box=b64(self.home.box))

    def log(self, event: str, **facts: Any) -> int:
        """Append an entry; its place."""
        place, previous = len(self.entries), self.hashes[-1] if self.hashes else bytes(32)
        content = {"at": AT, "event": event, "index": place, "org": "home", "prev": b64(previous), **facts}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self.entries.append(text)
        self.hashes.append(entry_hash(previous, text))
        return place

    def about(self, event: str, key: RawKey, **facts: Any) -> int:
        """An entry about an org's key."""
        of = {"org": key.org, "public": b64(key.public), "role": key.role, "sign_public": key.sign_public}
        return self.log(event, **{**of, "proof": "possession", **facts})

    def activate(self, key: RawKey) -> int:
        """Log and publish a key, in place of the one it follows."""
        place = self.about("activate", key)
        self.keys = [(other, at) for other, at in self.keys if (other.org, other.role) != (key.org, key.role)]
        self.keys.append((key, place))
        return place

    def rotate(self, new: RawHome, moment: int, *, signer: RawHome | None = None, **changes: Any) -> None:
        """The Home changes, and the old identity (or another signer) signs for the new one."""
        said = (signer or self.home).sign("home-rotate", new.identity + new.box + be64(moment))
        facts = {"identity": b64(new.identity), "box": b64(new.box), "time": moment, "statement": b64(said)}
        self.log("home-rotate", **{**facts, **changes})
        self.home = new

    def anew(self, new: RawHome, moment: int) -> None:
        """The Home begins anew: the old secret was stolen, nothing vouches."""
        self.log("home-anew", identity=b64(new.identity), box=b64(new.box), time=moment)
        self.home = new

    def head(
        self, *, size: int | None = None, moment: int | None = None, home: RawHome | None = None
    ) -> dict[str, Any]:
        """The signed head, of now and of the whole log unless said otherwise."""
        size = len(self.entries) if size is None else size
        last = self.hashes[size - 1] if size else bytes(32)
        moment = int(time.time()) if moment is None else moment
        signature = (home or self.home).sign("keylog-head", be64(size) + last + be64(moment))
        return {"size": size, "hash": b64(last), "time": moment, "signature": b64(signature)}

    def endorsed(self, key: RawKey, place: int, **changes: Any) -> dict[str, Any]:
        """A key as it stands in /keys.json."""
        said = sized(key.org) + sized(key.role) + key.public + be64(place)
        return {
            "org": key.org,
            "public": b64(key.public),
            "sign_public": key.sign_public,
            "fingerprint": "",
            "role": key.role,
            "endorsement": b64(self.home.sign("org-key", said)),
            "log_index": place,
            **changes,
        }

    def keys_json(self, **changes: Any) -> dict[str, Any]:
        """The document at /keys.json; `changes` replace members of what is signed."""
        content = {
            "instance": "A platform of tests",
            "home": {"identity": b64(self.home.identity), "fingerprint": "", "box": b64(self.home.box)},
            "keys": [self.endorsed(key, place) for key, place in self.keys],
            "head": self.head(),
            **changes,
        }
        text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
        return {**content, "signed": text, "signature": b64(self.home.sign("keys-json", text.encode()))}

    def log_json(self, **changes: Any) -> dict[str, Any]:
        """The document at /keys/log.json."""
        return {"entries": list(self.entries), "head": self.head(), **changes}
