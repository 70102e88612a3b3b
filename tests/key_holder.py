"""Who holds an org's secret, on the org's own computer: makes keys, signs and answers with raw PyNaCl and hashlib only.

`Owner` is the same person at the console: a signed-in browser that speaks JSON to the key routes.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from nacl.public import Box, PrivateKey, PublicKey
from nacl.signing import SigningKey

from tests.factories import form_token

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
JSON = {"Accept": "application/json"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def label(purpose: str) -> bytes:
    return b"proca-web:" + purpose.encode() + b":v1\x00"


def fingerprint(public: bytes) -> str:
    digest = hashlib.sha512(label("fingerprint") + public).digest()[:20]
    bits = "".join(f"{byte:08b}" for byte in digest)
    letters = "".join(CROCKFORD[int(bits[at : at + 5], 2)] for at in range(0, 160, 5))
    return "-".join(letters[at : at + 4] for at in range(0, 32, 4))


@dataclass
class Holder:
    """A key pair on an org's premises."""

    org: str
    secret: PrivateKey = field(default_factory=PrivateKey.generate, repr=False)

    @property
    def public(self) -> bytes:
        return bytes(self.secret.public_key)

    @property
    def sign(self) -> SigningKey:
        return SigningKey(hashlib.sha512(label("org-sign") + bytes(self.secret)).digest()[:32])

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public)

    def registration(self, role: str = "recipient", **changes: str) -> dict[str, str]:
        """What is entered about this key."""
        own = {
            "public": b64(self.public),
            "fingerprint": self.fingerprint,
            "sign_public": b64(bytes(self.sign.verify_key)),
            "role": role,
        }
        return own | changes

    def successor(self, new: "Holder", time: int) -> str:
        """What this key says about the next one."""
        message = label("org-rotate") + len(self.org).to_bytes(4, "big") + self.org.encode() + self.public
        message += new.public + bytes(new.sign.verify_key) + time.to_bytes(8, "big")
        return f"{time}.{b64(self.sign.sign(message).signature)}"

    def answer(self, challenge: dict[str, Any], identity: bytes) -> dict[str, str]:
        """The proof, after looking at every field of the opened challenge."""
        box = Box(self.secret, PublicKey(unb64(challenge["ephemeral"])))
        opened = box.decrypt(unb64(challenge["box"]), unb64(challenge["nonce"]))
        id_ = unb64(challenge["id"])
        assert len(opened) == 169
        assert opened[:17] == label("pop")
        assert opened[17:49] == identity
        assert opened[49:81] == hashlib.sha256(self.org.encode()).digest()
        assert opened[81:113] == self.public
        assert opened[113:129] == id_
        proof = hmac.digest(opened[137:] + id_, label("pop-answer") + identity + self.public, "sha512")[:32]
        return {"challenge": challenge["id"], "answer": b64(proof)}


@dataclass
class Owner:
    """An owner at the console of an org."""

    client: FlaskClient
    org: str
    identity: bytes = b""

    def __post_init__(self) -> None:
        self.token = form_token(self.client, "/console/")
        self.identity = self.client.application.extensions["proca_encryption"].home.identity

    def post(self, path: str = "", content: Any = None, **more: Any) -> Any:
        """POST JSON below the org's key pages."""
        headers = {**JSON, "X-CSRFToken": self.token, **more.pop("headers", {})}
        return self.client.post(f"/console/{self.org}/keys{path}", json=content or {}, headers=headers, **more)

    def register(self, holder: Holder, role: str = "recipient", **changes: str) -> int:
        """Enter a key; returns its number."""
        answer = self.post(content=holder.registration(role, **changes))
        assert answer.status_code == 201, answer.text
        return int(answer.json["id"])

    def prove(self, number: int, holder: Holder) -> Any:
        """Ask for a challenge and answer it."""
        challenge = self.post(f"/{number}/challenge")
        assert challenge.status_code == 200, challenge.text
        return self.post(f"/{number}/answer", holder.answer(challenge.json, self.identity))

    def bring(self, holder: Holder, role: str = "recipient", **changes: str) -> dict[str, Any]:
        """Enter, prove and activate a key; returns the answer to the last step."""
        number = self.register(holder, role, **changes)
        proven = self.prove(number, holder)
        assert proven.json == {"state": "pending", "proven": True}, proven.text
        done = self.post(f"/{number}/activate")
        assert done.status_code == 200, done.text
        return {"id": number, **json.loads(done.text)}
