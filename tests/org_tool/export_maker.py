"""Makes encrypted exports as the server writes them, the boxes with raw PyNaCl: the tool is not tested by itself."""

import base64
import csv
import io
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nacl.public import Box, PrivateKey, PublicKey

from proca_web.crypto.boxes import certificate
from proca_web.crypto.boxes.certificate import Certificate, Mode
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import fingerprint
from proca_web.domain.rows.export_columns import ENCRYPTED

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
WORDING = "c0ffee" * 10 + "c0ff"
CONTACT: dict[str, Any] = {
    "firstName": "Zofia",
    "lastName": "Ślązak-Żółć",
    "email": "zofia@example.org",
    "country": "PL",
    "postcode": "00-950",
    "area": "PL",
}


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def new_home() -> HomeKey:
    """A Home Org's key."""
    return HomeKey(bytearray(b64(secrets.token_bytes(32)).encode()))


@dataclass(frozen=True)
class MadeSender:
    """A sender of the Home Org with its certificate."""

    private: PrivateKey
    certificate: Certificate
    signed: bytes

    def nonce(self, number: int) -> bytes:
        """The sender's nonce with that number."""
        return (int.from_bytes(self.certificate.first_nonce, "big") + number).to_bytes(24, "big")


def make_sender(
    home: HomeKey, mode: Mode = Mode.SESSION, *, start: datetime = START, seconds: int = 900, nonces: int = 4096
) -> MadeSender:
    """A sender as the server makes one; static: the pair given in `home` itself is not known here, see tests."""
    private = PrivateKey.generate()
    signed_for = Certificate(
        identity=home.identity,
        home_box=home.box_public,
        sender=bytes(private.public_key),
        mode=mode,
        not_before=start,
        not_after=start + timedelta(seconds=seconds),
        first_nonce=secrets.token_bytes(20) + bytes(4),
        nonces=nonces,
    )
    return MadeSender(private, signed_for, certificate.issue(home, signed_for))


def make_static_sender() -> tuple[HomeKey, MadeSender]:
    """A Home Org that seals with its own key, as Proca does."""
    secret = secrets.token_bytes(32)
    line = bytearray(b64(secret).encode())
    private = PrivateKey(bytes(secret))
    home = HomeKey(line)
    signed_for = Certificate(
        identity=home.identity,
        home_box=home.box_public,
        sender=home.box_public,
        mode=Mode.STATIC,
        not_before=START,
        not_after=None,
        first_nonce=secrets.token_bytes(24),
        nonces=0,
    )
    return home, MadeSender(private, signed_for, certificate.issue(home, signed_for))


def time(moment: datetime | None) -> str:
    """A time as the export writes it."""
    return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class ExportMaker:
    """One org's exports. Every part of a row can be made wrong by name."""

    def __init__(self, home: HomeKey, org: str = "org-one", private: PrivateKey | None = None) -> None:
        self.home = home
        self.org = org
        self.private = private or PrivateKey.generate()
        self.public = bytes(self.private.public_key)
        self.sender = make_sender(home)

    @property
    def identity(self) -> str:
        """The Home identity, as on /keys."""
        return b64(self.home.identity)

    def keystore(self) -> str:
        """Proca's clear keystore with this org's key."""
        return json.dumps({b64(self.public): {"private": b64(bytes(self.private))}})

    def row(
        self,
        seq: int = 1,
        *,
        sender: MadeSender | None = None,
        contact: Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        plaintext: bytes | None = None,
        nonce: bytes | None = None,
        **columns: str,
    ) -> dict[str, str]:
        """A row that opens; `meta` and `columns` replace what is sealed and what stands around it."""
        sender = sender or self.sender
        nonce = nonce or sender.nonce(seq)
        row = {
            "seq": str(seq),
            "action_id": str(1000 + seq),
            "action_ref": b64(secrets.token_bytes(16)),
            "action_type": "register",
            "created_at": "2026-03-01T12:01:30Z",
            "campaign": "trees",
            "action_page": "trees-page",
            "testing": "false",
            "repeat": "false",
            "contact_ref": b64(secrets.token_bytes(16)),
            "opt_in": "true",
            "given_at": "2026-03-01T12:01:30Z",
            "email_status": "double_opt_in",
            "consent": WORDING,
            "nonce": b64(nonce),
            "public_key": b64(self.public),
            "sign_key": b64(bytes(sender.private.public_key)),
            "sign_key_cert": b64(sender.signed),
            "sign_key_not_before": time(sender.certificate.not_before),
            "sign_key_not_after": time(sender.certificate.not_after),
            "sealed_by": "server",
            "area": "PL",
            "utm_source": "share",
            "utm_medium": "",
            "utm_campaign": "",
            "utm_content": "",
            "custom_fields": "{}",
            "receipt": "",
        }
        if plaintext is None:
            sealed = {"_meta": {**self.meta(row), **(meta or {})}, **(CONTACT if contact is None else contact)}
            plaintext = json.dumps(sealed, ensure_ascii=False, separators=(",", ":")).encode().ljust(1024)
        box = Box(sender.private, PublicKey(self.public))
        row["payload"] = b64(box.encrypt(plaintext, nonce).ciphertext)
        return {name: {**row, **columns}[name] for name in ENCRYPTED}

    def meta(self, row: Mapping[str, str]) -> dict[str, Any]:
        """What `_meta` says of a row whose opt_in is as given at signing."""
        return {
            "v": 1,
            "home": fingerprint(self.home.identity),
            "action": row["action_ref"],
            "ref": row["contact_ref"],
            "campaign": row["campaign"],
            "page": row["action_page"],
            "org": self.org,
            "to": fingerprint(self.public),
            "role": "recipient",
            "optIn": True,
            "deliver": True,
            "consent": row["consent"],
            "at": "2026-03-01T12:01:00Z",
        }

    def erasure(self, seq: int) -> dict[str, str]:
        """A tombstone."""
        empty = ("payload", "nonce", "public_key", "sign_key", "sign_key_cert")
        gone = dict.fromkeys((*empty, "sign_key_not_before", "sign_key_not_after"), "")
        return {**self.row(seq, action_type="erased"), **gone}


def csv_end(rows: int, last: int | str = 0) -> dict[str, str]:
    """The mark at the end of a CSV export."""
    marked = {"seq": str(last), "action_type": "end", "custom_fields": f'{{"rows":"{rows}"}}'}
    return dict.fromkeys(ENCRYPTED, "") | marked


def csv_text(rows: Iterable[Mapping[str, str]], columns: Iterable[str] = ENCRYPTED, *, end: bool = True) -> str:
    """The export as a CSV file with its header and the mark at its end."""
    text, rows = io.StringIO(), [*rows]
    if end:
        rows.append(csv_end(len(rows), rows[-1]["seq"] if rows else 0))
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\r\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def message(row: Mapping[str, str]) -> dict[str, Any]:
    """A row as a `proca:action:2` message."""
    return {
        "schema": "proca:action:2",
        "stage": "deliver",
        "seq": int(row["seq"]),
        "actionId": int(row["action_id"]),
        "actionRef": row["action_ref"],
        "action": {
            "actionType": row["action_type"],
            "customFields": json.loads(row["custom_fields"]),
            "createdAt": row["created_at"],
            "testing": row["testing"] == "true",
        },
        "actionPage": {"name": row["action_page"], "locale": "pl"},
        "campaign": {"name": row["campaign"], "title": "Trees"},
        "contact": {"contactRef": row["contact_ref"], "dupeRank": 0, "area": row["area"]},
        "personalInfo": None
        if row["action_type"] == "erased"
        else {
            "payload": row["payload"],
            "nonce": row["nonce"],
            "encryptKey": {"id": 3, "public": row["public_key"]},
            "signKey": {
                "id": 9,
                "public": row["sign_key"],
                "cert": row["sign_key_cert"],
                "notBefore": row["sign_key_not_before"],
                "notAfter": row["sign_key_not_after"] or None,
            },
        },
        "privacy": {
            "optIn": {"true": True, "false": False, "": None}[row["opt_in"]],
            "givenAt": row["given_at"],
            "emailStatus": None if row["email_status"] == "none" else row["email_status"],
            "consent": row["consent"],
        },
        "tracking": {"source": row["utm_source"], "medium": "", "campaign": "", "content": ""},
        "receipt": "",
    }


def ndjson_text(rows: Iterable[Mapping[str, str]], *, end: bool = True) -> str:
    """The export as NDJSON with its last line."""
    messages = [message(row) for row in rows]
    last = messages[-1]["seq"] if messages else 0
    if end:
        messages.append({"schema": "proca:export:end", "count": len(messages), "last": last})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in messages)
