"""What names a mail on its way out, and finds its action when it comes back: a code that nobody else can make.

Its own envelope address is what mail servers send reports to; some providers hand back a header of ours instead.
"""

import hmac
import re

from flask import Flask

from proca_web.config import Settings
from proca_web.config.bounces import CODE_LENGTH
from proca_web.crypto.encoding import decode
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.keys.keys import CROCKFORD
from proca_web.crypto.labels import keyed

REF_BYTES, PROOF_BYTES = 16, 10
LONGEST_TEXT = 2000
METADATA = "bounce"
CUSTOM = "X-Mailin-custom"
_HEADERS = {"postmark": f"X-PM-Metadata-{METADATA}", "brevo": CUSTOM}
_CODE = re.compile(rf"(?<![0-9A-Za-z])[0-9A-Za-z]{{{CODE_LENGTH}}}(?![0-9A-Za-z])")
_LETTERS = {letter: number for number, letter in enumerate(CROCKFORD)} | {"O": 0, "I": 1, "L": 1}
_MESSAGE_ID = re.compile(r"<?([A-Za-z0-9_-]{22})@[^\s<>@]+>?\s*")


def sender_of(app: Flask, action_ref: bytes) -> str:
    """The envelope address of an action's mails; everybody's where PROCA_MAIL_BOUNCE is not set."""
    settings = _settings(app)
    envelope = settings.bounces.envelope
    return envelope.replace("{}", code_of(app, action_ref)) if envelope else settings.mail.sender


def headers_of(app: Flask, action_ref: bytes) -> dict[str, str]:
    """What the providers that report here hand back with a report, where the envelope is theirs."""
    named = [header for provider, header in _HEADERS.items() if provider in _settings(app).bounces.proofs]
    return dict.fromkeys(named, code_of(app, action_ref)) if named else {}


def code_of(app: Flask, action_ref: bytes) -> str:
    """Crockford base32 of the action's reference and a proof that we wrote it."""
    number = int.from_bytes(action_ref + _proof(_settings(app).secret_key, action_ref), "big")
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(5 * (CODE_LENGTH - 1), -1, -5))


def action_ref_in(app: Flask, text: str) -> bytes | None:
    """The action that a code of ours in this text names; whatever else stands there is not looked at."""
    for found in _CODE.finditer(text[:LONGEST_TEXT]):
        ref = _read(app, found[0].upper())
        if ref is not None:
            return ref
    return None


def message_id_in(text: str) -> bytes | None:
    """What the Message-ID of one of our mails is made of, if this can be one."""
    found = _MESSAGE_ID.fullmatch(text[:LONGEST_TEXT].strip())
    try:
        return decode(found[1], REF_BYTES) if found else None
    except EncodingError:
        return None


def _read(app: Flask, code: str) -> bytes | None:
    if any(letter not in _LETTERS for letter in code):
        return None
    number = 0
    for letter in code:
        number = number << 5 | _LETTERS[letter]
    if number >> 8 * (REF_BYTES + PROOF_BYTES):
        return None
    raw = number.to_bytes(REF_BYTES + PROOF_BYTES, "big")
    ref, proof = raw[:REF_BYTES], raw[REF_BYTES:]
    is_ours = any([hmac.compare_digest(proof, _proof(key, ref)) for key in _settings(app).secret_keys])
    return ref if is_ours else None


def _proof(secret_key: str, action_ref: bytes) -> bytes:
    return keyed("bounce", secret_key.encode(), action_ref)[:PROOF_BYTES]


def _settings(app: Flask) -> Settings:
    settings: Settings = app.extensions["proca_settings"]
    return settings
