"""An org's key file: the secret sealed under a passphrase, with everything a tool needs to check what it opens.

Format and bounds are protocol 5. The file is written on the org's premises and read there; the server never sees one.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import nacl.secret
import nacl.utils
from nacl.bindings import crypto_scalarmult_base, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError as NaClError

from proca_web.crypto.encoding import decode, encode, sized
from proca_web.crypto.errors import EncodingError, KeyFileDamaged, WrongPassphrase
from proca_web.crypto.keys.keys import fingerprint
from proca_web.crypto.keys.passphrase import normalise, readings
from proca_web.crypto.labels import digest

FORMAT = "proca-web-orgkey"
KDF = "pbkdf2-hmac-sha256"
ROUNDS = 600_000
MOST_ROUNDS = 5_000_000
_FINGERPRINT = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){7}")
_KDF_MEMBERS = ("name", "rounds", "salt")
_HEADER = (
    "format",
    "version",
    "org",
    "public",
    "sign_public",
    "fingerprint",
    "home_identity",
    "home_box",
    "origin",
    "created_at",
)
_TEXTS = (*(name for name in _HEADER if name != "version"), "nonce", "seal", "check")


@dataclass(frozen=True, slots=True)
class OrgKey:
    """An opened key: the org's name, its secret (never shown) and the Home Org it is pinned to.

    `home_identity` is the Home Org's 43-character identity, or that identity's fingerprint, or empty (no pin).
    """

    org: str
    public: bytes
    secret: bytes = field(repr=False)
    home_identity: str = ""
    home_box: str = ""
    origin: str = ""

    @property
    def sign_public(self) -> bytes:
        """The Ed25519 public half derived from the secret; it signs rotations (protocol 5)."""
        return crypto_sign_seed_keypair(digest(32, "org-sign", self.secret))[0]


def new_org_key(org: str, *, home_identity: str = "", origin: str = "") -> OrgKey:
    """A fresh key pair of an org, made from the operating system's randomness."""
    secret = nacl.utils.random(32)
    return OrgKey(org, crypto_scalarmult_base(secret), secret, home_identity=home_identity, origin=origin)


def read_pin(text: str) -> str:
    """A Home pin as people give it: the 43-character identity, or its fingerprint. Raises EncodingError."""
    pin = text.strip()
    if _FINGERPRINT.fullmatch(pin.upper()):
        return pin.upper()
    return encode(decode(pin, 32))


def lock(key: OrgKey, passphrase: str, *, rounds: int = ROUNDS, now: datetime | None = None) -> dict[str, Any]:
    """The key file as a JSON object, the secret sealed under the passphrase."""
    made = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    salt = nacl.utils.random(16)
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": 1,
        "org": key.org,
        "public": encode(key.public),
        "sign_public": encode(key.sign_public),
        "fingerprint": fingerprint(key.public),
        "home_identity": key.home_identity,
        "home_box": key.home_box,
        "origin": key.origin,
        "created_at": made,
        "kdf": {"name": KDF, "rounds": rounds, "salt": encode(salt)},
    }
    nonce = nacl.utils.random(24)
    inner = b"\x01" + key.secret + digest(32, "keyfile", _header_texts(content))
    seal = nacl.secret.SecretBox(_derive(normalise(passphrase), salt, rounds)).encrypt(inner, nonce).ciphertext
    content["nonce"], content["seal"] = encode(nonce), encode(seal)
    content["check"] = encode(_check(content))
    return content


def unlock(content: dict[str, Any], passphrase: str) -> OrgKey:
    """Open a key file. Raises KeyFileDamaged or WrongPassphrase, which are told apart by the file's check value."""
    public = inspect(content)
    inner = _open_seal(content, passphrase)
    if len(inner) != 65 or inner[:1] != b"\x01" or inner[33:] != digest(32, "keyfile", _header_texts(content)):
        raise KeyFileDamaged("the encrypted part does not belong to this file")
    opened = OrgKey(
        org=content["org"],
        public=public,
        secret=inner[1:33],
        home_identity=content["home_identity"],
        home_box=content["home_box"],
        origin=content["origin"],
    )
    if crypto_scalarmult_base(opened.secret) != public or encode(opened.sign_public) != content["sign_public"]:
        raise KeyFileDamaged("the public keys in this file do not follow from its secret")
    return opened


def _open_seal(content: dict[str, Any], passphrase: str) -> bytes:
    kdf, sealed, nonce = content["kdf"], decode(content["seal"]), decode(content["nonce"], 24)
    for reading in readings(passphrase):
        key = _derive(reading, decode(kdf["salt"], 16), kdf["rounds"])
        try:
            return nacl.secret.SecretBox(key).decrypt(sealed, nonce)
        except NaClError:
            continue
    raise WrongPassphrase("the passphrase does not open this key file")


def inspect(content: Any) -> bytes:
    """Check a key file's shape, bounds and check value without the passphrase; returns the public key."""
    _check_shape(content)
    try:
        public = decode(content["public"], 32)
        decode(content["sign_public"], 32)
        decode(content["kdf"]["salt"], 16)
        decode(content["nonce"], 24)
        decode(content["seal"], 81)
        if content["home_identity"]:
            read_pin(content["home_identity"])
        if content["home_box"]:
            decode(content["home_box"], 32)
        if decode(content["check"], 8) != _check(content):
            raise KeyFileDamaged("its check value does not match: the file was changed or cut")
    except EncodingError as error:
        raise KeyFileDamaged(f"a field is damaged: {error}") from error
    except UnicodeEncodeError as error:  # JSON can spell half a character that UTF-8 cannot write
        raise KeyFileDamaged("a field holds a character that does not exist") from error
    if content["fingerprint"] != fingerprint(public):
        raise KeyFileDamaged("the fingerprint does not belong to the public key")
    return public


def _check_shape(content: Any) -> None:
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("version") != 1:
        raise KeyFileDamaged("not an org key file of version 1")
    kdf = content.get("kdf")
    well_formed = (
        all(isinstance(content.get(name), str) for name in _TEXTS)
        and isinstance(kdf, dict)
        and kdf.get("name") == KDF
        and isinstance(kdf.get("salt"), str)
        and type(kdf.get("rounds")) is int
    )
    if not well_formed:
        raise KeyFileDamaged("a field is missing or of the wrong kind")
    assert isinstance(kdf, dict)
    if not ROUNDS <= kdf["rounds"] <= MOST_ROUNDS:
        raise KeyFileDamaged(f"the passphrase rounds are outside {ROUNDS} to {MOST_ROUNDS}")


def _header_texts(content: dict[str, Any]) -> bytes:
    """be32-prefixed texts of all fields before `nonce`, in that order."""
    texts = [content[name] for name in _HEADER] + [content["kdf"][name] for name in _KDF_MEMBERS]
    return b"".join(sized(str(text)) for text in texts)


def _check(content: dict[str, Any]) -> bytes:
    rest = sized(content["nonce"]) + sized(content["seal"])
    return digest(8, "keyfile-check", _header_texts(content) + rest)


def _derive(reading: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", reading.encode(), salt, rounds)


def dumps(content: dict[str, Any]) -> str:
    """The key file's text."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
