"""DKIM signatures on a mail that came back are checked here (RFC 6376; Ed25519: RFC 8463). Nothing is signed.

A published key that is shorter than is usual still verifies: whoever asks is told its size.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from proca_web.crypto import rsa
from proca_web.crypto.errors import EncodingError

_NAME = b"dkim-signature"
_HEADER = re.compile(rb"([!-9;-~]+)([ \t]*:.*?\r\n(?:[ \t].*?\r\n)*)", re.DOTALL)
_SPACES = re.compile(rb"[ \t]+")
_FOLDS = re.compile(rb"\r\n(?=[ \t])")
_VALUE_OF_B = re.compile(rb"((?:\A[ \t]*:|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_NEEDED = ("v", "a", "b", "bh", "d", "h", "s")
_ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
_Header = tuple[bytes, bytes]  # its name, and what follows from its colon on as it stands there


@dataclass(frozen=True, slots=True)
class Key:
    """A published key; `bits` is 0 where it is no RSA key."""

    of_rsa: rsa.PublicKey | None = None
    of_ed25519: VerifyKey | None = None
    is_for_exactly_its_domain: bool = False

    @property
    def bits(self) -> int:
        """How long an RSA key is."""
        return self.of_rsa.modulus.bit_length() if self.of_rsa else 0


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of a mail: what it says of itself, and what it stands on."""

    tags: Mapping[str, str]
    header: _Header
    headers: Sequence[_Header]
    body: bytes

    @property
    def domain(self) -> str:
        """Who signs."""
        return self.tags.get("d", "").lower()

    @property
    def key_name(self) -> str:
        """Under which name the key is published."""
        return f"{self.tags.get('s', '')}._domainkey.{self.domain}"

    @property
    def is_rsa(self) -> bool:
        """Whether the algorithm is RSA's."""
        return self.tags.get("a", "").startswith("rsa")

    def is_by(self, key: Key, now: int) -> bool:
        """Whether the holder of that key signed this mail as it is, at any time before `now` (seconds of the epoch)."""
        if any(not self.tags.get(name) for name in _NEEDED) or self.tags["v"] != "1" or not self._may_sign(key):
            return False
        if self.tags.get("x", "").isdecimal() and int(self.tags["x"]) < now:
            return False
        header_form, _, body_form = self.tags.get("c", "simple/simple").partition("/")
        try:
            given, hashed = _base64(self.tags["b"]), _base64(self.tags["bh"])
            body = _BODIES[body_form or "simple"](self.body)[: self._length()]
            signed = self._signed(_HEADERS[header_form])
        except (KeyError, ValueError):
            return False
        if hashlib.sha256(body).digest() != hashed:
            return False
        return _verifies(key, _ALGORITHMS[self.tags["a"]], signed, given)

    def _may_sign(self, key: Key) -> bool:
        """Whether the names fit: From is signed, the agent is of the signer, and the algorithm is one that counts."""
        agent = self.tags.get("i", f"@{self.domain}").rpartition("@")[2].lower()
        is_inside = agent == self.domain or (not key.is_for_exactly_its_domain and agent.endswith(f".{self.domain}"))
        return is_inside and self.tags["a"] in _ALGORITHMS and "from" in self._names()

    def _names(self) -> list[str]:
        return [name.strip().lower() for name in self.tags["h"].split(":")]

    def _length(self) -> int | None:
        length = self.tags.get("l")
        return None if length is None else int(length)

    def _signed(self, form: Callable[[_Header], bytes]) -> bytes:
        """The named headers from the last one up, each once; then this one without its own value."""
        left = list(self.headers)
        found = []
        for name in self._names():
            place = next((at for at in range(len(left) - 1, -1, -1) if left[at][0].lower() == name.encode()), None)
            if place is not None:
                found.append(form(left.pop(place)))
        own = form((self.header[0], _VALUE_OF_B.sub(rb"\1", self.header[1])))
        return b"".join(found) + own.removesuffix(b"\r\n")


def signatures(raw: bytes) -> list[Signature]:
    """The signatures of a mail, the newest first; whatever line ends it was saved with."""
    mail = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    head, _, body = mail.partition(b"\r\n\r\n")
    headers = [(found[1], found[2]) for found in _HEADER.finditer(head + b"\r\n")]
    return [
        Signature(_tags(_value(header)), header, [*headers[:at], *headers[at + 1 :]], body)
        for at, header in enumerate(headers)
        if header[0].lower() == _NAME
    ]


def key_of(record: str) -> Key:
    """The key in a published record. Raises EncodingError: withdrawn, damaged, or of a kind that is not known."""
    tags = _tags(record.encode("utf-8", "replace"))
    if tags.get("v", "DKIM1") != "DKIM1" or "sha256" not in tags.get("h", "sha256").replace(" ", "").split(":"):
        raise EncodingError("not a key of DKIM that hashes with SHA-256")
    strict = "s" in tags.get("t", "").replace(" ", "").split(":")
    try:
        data = _base64(tags["p"])
        if tags.get("k", "rsa") == "ed25519":
            return Key(of_ed25519=VerifyKey(data), is_for_exactly_its_domain=strict)
    except (KeyError, ValueError) as error:
        raise EncodingError("no key") from error
    if tags.get("k", "rsa") != "rsa" or not data:
        raise EncodingError("no key of a kind that is known")
    return Key(of_rsa=rsa.key_of_spki(data), is_for_exactly_its_domain=strict)


def _verifies(key: Key, kind: str, signed: bytes, signature: bytes) -> bool:
    if kind == "rsa":
        return key.of_rsa is not None and key.of_rsa.verifies(signed, signature, "sha256")
    if key.of_ed25519 is None:
        return False
    try:
        key.of_ed25519.verify(hashlib.sha256(signed).digest(), signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def _tags(value: bytes) -> dict[str, str]:
    """`tag=value; …` without the folds; of a tag that stands twice, nothing is to be believed: it is empty."""
    found: dict[str, str] = {}
    for part in _FOLDS.sub(b"", value).decode("ascii", "replace").split(";"):
        name, is_there, text = part.partition("=")
        if is_there:
            found[name.strip()] = "" if name.strip() in found else text.strip()
    return found


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _value(header: _Header) -> bytes:
    return header[1].partition(b":")[2]


def _simple_header(header: _Header) -> bytes:
    return header[0] + header[1]


def _relaxed_header(header: _Header) -> bytes:
    value = _SPACES.sub(b" ", _FOLDS.sub(b"", _value(header)).removesuffix(b"\r\n")).strip(b" ")
    return header[0].lower() + b":" + value + b"\r\n"


def _simple_body(body: bytes) -> bytes:
    return re.sub(rb"(\r\n)*\Z", b"", body) + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    lines = [_SPACES.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


_HEADERS = {"simple": _simple_header, "relaxed": _relaxed_header}
_BODIES = {"simple": _simple_body, "relaxed": _relaxed_body}
