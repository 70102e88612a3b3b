"""Opening one row: every check of design 7 in its order, each failure with its own reason. Knows no files.

A row is hostile until it has passed them all; whatever goes wrong inside sets aside that row only.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from proca_web.crypto import memory
from proca_web.crypto.errors import CannotOpen, CertificateRefused
from proca_web.crypto.memory import NONCE_BYTES
from proca_web.domain.rows import opened_copy
from proca_web.domain.rows.export_columns import DECRYPTED, ENCRYPTED, DecryptedRow, ExportRow
from proca_web.domain.rows.opened_copy import PlaintextRefused
from proca_web.org_tool.errors import RowRefused
from proca_web.org_tool.opening import meta
from proca_web.org_tool.opening.channels import Channel, Channels, decode_column

REF_BYTES = 16
# 16 bytes in canonical base64url: the last character's other four bits are zero.
_REF = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII)
_CONTACT = tuple(name for name in DECRYPTED if name not in ENCRYPTED)
_ARRANGED = itemgetter(*[(*ENCRYPTED, *_CONTACT).index(name) for name in DECRYPTED])
_SEALED = slice(ENCRYPTED.index("payload"), ENCRYPTED.index("sealed_by"))

Render = Callable[[DecryptedRow], bytes]


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened row as a line of the output, and the channel it came through (None: a contact was erased)."""

    line: bytes = field(repr=False)
    channel: Channel | None


def open_row(row: ExportRow, channels: Channels, render: Render) -> Opened:
    """Check, open and render one row. Raises RowRefused with the reason, whatever is wrong with it.

    `render` makes a line of the opened row; it runs inside the same guard as the checks.
    """
    try:
        _check_columns(row)
        if row.is_erasure:
            channels.check_erasure()
            return Opened(render(_erasure(row)), None)
        channel = channels.find(row)
        return Opened(render(_copy(row, channel)), channel)
    except RowRefused:
        raise
    except CertificateRefused as error:
        raise RowRefused(f"the sender's certificate is refused: {error}") from error
    except CannotOpen as error:
        raise RowRefused("the box does not open: the payload was changed, or another sender made it") from error
    except PlaintextRefused as error:
        raise RowRefused(f"the opened copy is not as it should be: {error}") from error
    except Exception as error:
        raise RowRefused(f"the row cannot be read ({type(error).__name__})") from error


def _check_columns(row: ExportRow) -> None:
    if not _REF.fullmatch(row.action_ref) or not _REF.fullmatch(row.contact_ref):
        decode_column(row.action_ref, "action_ref", REF_BYTES)
        decode_column(row.contact_ref, "contact_ref", REF_BYTES)
    # The columns between are base64url or compared with the certificate; none of them reaches the output.
    if not "".join(row[: _SEALED.start] + row[_SEALED.stop :]).isprintable():
        _find_unprintable(row)


def _find_unprintable(row: ExportRow) -> None:
    for column, text in zip(row._fields, row, strict=True):
        try:
            for start in range(0, len(text), opened_copy.LONGEST_TEXT):
                opened_copy.check_text(text[start : start + opened_copy.LONGEST_TEXT], newline=False)
        except PlaintextRefused as error:
            raise RowRefused(f"{column} is damaged: {error}") from error


def _copy(row: ExportRow, channel: Channel) -> DecryptedRow:
    """A copy that passes every check."""
    payload = decode_column(row.payload, "payload")
    nonce = decode_column(row.nonce, "nonce", NONCE_BYTES)
    certificate = channel.certificate
    if certificate is not None:
        certificate.check_nonce(nonce)
    content = opened_copy.read(memory.box_open(payload, nonce, channel.shared))
    place = meta.read_place(content)
    meta.check_place(place, row, channel.key, channel.home)
    if place.get("at") not in channel.minutes:
        minute = meta.sealed_at(place)
        if certificate is not None:
            certificate.check_sealed_at(minute)
        channel.minutes.add(place["at"])
    meta.check_consent(place, row)
    contact = opened_copy.fields(content)
    if not contact.get("comment"):
        contact["comment"] = _public_comment(row.custom_fields)
    return _decrypted(row, contact)


def _erasure(row: ExportRow) -> DecryptedRow:
    """What tells a contact database which contact to delete."""
    if row.payload or row.nonce or row.public_key or row.sign_key or row.sign_key_cert:
        raise RowRefused("the row says that a contact was erased, and yet holds one")
    meta.check_opt_in(row)
    return _decrypted(row, {})


def _decrypted(row: ExportRow, contact: dict[str, str]) -> DecryptedRow:
    return DecryptedRow._make(_ARRANGED((*row, *[contact.get(name, "") for name in _CONTACT])))


def _public_comment(custom_fields: str) -> str:
    if custom_fields in ("", "{}"):
        return ""
    try:
        custom = json.loads(custom_fields)
    except (ValueError, RecursionError) as error:
        raise RowRefused("custom_fields is not JSON") from error
    comment = custom.get("comment", "") if isinstance(custom, dict) else None
    if not isinstance(comment, str):
        raise RowRefused("custom_fields is not a JSON object of texts")
    try:
        opened_copy.check_text(comment, newline=True)
    except PlaintextRefused as error:
        raise RowRefused(f"the comment in custom_fields holds {error}") from error
    return comment
