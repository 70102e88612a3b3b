"""What a platform publishes of its keys, `/keys.json` and `/keys/log.json`, read as signed values.

A signature is checked under the identity that the document itself names: it holds together. Whether that identity is
the trusted one is decided elsewhere; nothing outside the signed part is looked at.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError, KeyLogRefused
from proca_web.crypto.keys import key_log, statements
from proca_web.crypto.keys.key_log import Chain, Head, Home


class Unsound(Exception):
    """A document does not hold together; the message says in which way."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One org's key in the directory, with the platform's endorsement and its entry in the key log."""

    org: str
    role: str
    public: bytes
    sign_public: str
    endorsement: bytes
    log_index: int

    def is_endorsed_by(self, identity: bytes) -> bool:
        """Whether this Home identity says that the key receives for this org in this role."""
        said = statements.org_key(self.org, self.role, self.public, self.log_index)
        return statements.is_signed(identity, statements.ORG_KEY, said, self.endorsement)


@dataclass(frozen=True, slots=True)
class Directory:
    """The signed part of `/keys.json`."""

    identity: bytes
    box: bytes
    head: Head
    entries: Sequence[Any] = field(repr=False)

    def naming(self, org: str, public: bytes) -> list[PublishedKey]:
        """The keys of an org, and whatever carries this public key. Raises Unsound when one of them is malformed."""
        text = encode(public)
        entries = [entry for entry in self.entries if isinstance(entry, dict)]
        return [_published_key(entry) for entry in entries if entry.get("org") == org or entry.get("public") == text]


def read_directory(content: Mapping[str, Any]) -> Directory:
    """Read `/keys.json`; only what is signed counts. Raises Unsound."""
    text, signature = content.get("signed"), content.get("signature")
    if not isinstance(text, str) or not isinstance(signature, str):
        raise Unsound("it is not signed")
    try:
        signed = json.loads(text)
        home, entries = signed["home"], signed["keys"]
        identity, box = decode(home["identity"], 32), decode(home["box"], 32)
        is_signed = statements.is_signed(identity, statements.DIRECTORY, text.encode(), decode(signature, 64))
        head = Head.of(signed["head"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, KeyLogRefused) as error:
        raise Unsound("its signed part has another shape than it must have") from error
    if not is_signed or not isinstance(entries, list):
        raise Unsound("it is not signed by the identity it names")
    return Directory(identity, box, head, entries)


@dataclass(frozen=True, slots=True)
class KeyLog:
    """A whole key log whose head is signed by the Home identity that it ends with."""

    chain: Chain
    head: Head

    @property
    def home(self) -> Home:
        """The current Home Org by this log."""
        return self.chain.homes[-1]


def read_log(content: Mapping[str, Any]) -> KeyLog:
    """Read `/keys/log.json` from its first entry to its signed head. Raises Unsound."""
    entries = content.get("entries")
    if not isinstance(entries, list) or not entries:
        raise Unsound("it has no entries")
    try:
        log = KeyLog(key_log.read(entries), Head.of(content.get("head")))
    except KeyLogRefused as error:
        raise Unsound(str(error)) from error
    if (log.head.size, log.head.hash) != (log.chain.size, log.chain.last_hash):
        raise Unsound("its head speaks of other entries than it has")
    if not log.head.is_by(log.home.identity):
        raise Unsound("its head is not signed by the identity it ends with")
    return log


def _published_key(entry: Mapping[str, Any]) -> PublishedKey:
    org, role, index, sign_public = (entry.get(name) for name in ("org", "role", "log_index", "sign_public"))
    well_formed = isinstance(org, str) and isinstance(role, str) and isinstance(sign_public, str)
    if not well_formed or type(index) is not int or not 0 <= index < 2**63:
        raise Unsound("a key in it has another shape than it must have")
    try:
        public, endorsement = decode(entry["public"], 32), decode(entry["endorsement"], statements.SIGNATURE_BYTES)
        return PublishedKey(str(org), str(role), public, str(sign_public), endorsement, index)
    except (EncodingError, LookupError, AttributeError, TypeError) as error:
        raise Unsound("a key in it is damaged") from error
