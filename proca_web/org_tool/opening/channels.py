"""One sender writing to one of our keys: its certificate verified and the box's key derived once, not once a row.

Kept for the newest senders only, so that memory stays flat; what is dropped is wiped.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from proca_web.crypto import memory
from proca_web.crypto.boxes import certificate as certificates
from proca_web.crypto.boxes.certificate import CERTIFICATE_BYTES, Certificate, Mode
from proca_web.crypto.encoding import decode
from proca_web.crypto.errors import CertificateRefused, EncodingError, KeyRefused
from proca_web.crypto.keys.keys import fingerprint
from proca_web.crypto.memory import Secret
from proca_web.domain.rows.export_columns import ExportRow
from proca_web.org_tool.errors import RowRefused
from proca_web.org_tool.keys.held import HeldKey, HeldKeys
from proca_web.org_tool.watching.home_changes import Predecessors, is_in_time

MOST = 1024
_NO_PIN = "the key file does not say which site it trusts; run: proca-org pin FILE FINGERPRINT"
_REFUSED = "the sender's certificate is refused: "
OTHER_HOME = f"{_REFUSED}not signed by the site that you trust"
_IDENTITY = slice(64, 96)  # where a certificate names the Home identity that signed it


_fingerprint = lru_cache(maxsize=64)(fingerprint)  # there is hardly ever more than one Home


@dataclass(frozen=True, slots=True)
class Channel:
    """A sender and one of our keys, checked. `certificate` None: nothing is pinned, the sender is unchecked."""

    key: HeldKey
    certificate: Certificate | None
    home: str  # the fingerprint of the Home identity behind the certificate; empty when unchecked
    shared: Secret = field(repr=False)
    minutes: set[str] = field(default_factory=set, repr=False)  # minutes of sealing that were found in its time

    @property
    def is_static(self) -> bool:
        """Whether whoever holds the Home key can open this sender's rows."""
        return self.certificate is not None and self.certificate.mode is Mode.STATIC


class Channels:
    """Finds the channel of a row; `find` raises RowRefused with the reason why there is none."""

    def __init__(self, keys: HeldKeys, predecessors: Predecessors) -> None:
        self._keys = keys
        self._predecessors = predecessors
        self._known: dict[tuple[str, ...], Channel] = {}

    def find(self, row: ExportRow) -> Channel:
        """The row's channel, from memory or checked now."""
        # Everything the checks below look at is in the name, so a row that differs anywhere is checked anew.
        name = (row.public_key, row.sign_key, row.sign_key_cert, row.sign_key_not_before, row.sign_key_not_after)
        channel = self._known.get(name)
        if channel is None:
            channel = self._known[name] = self._check(row)
            if len(self._known) > MOST:
                self._known.pop(next(iter(self._known))).shared.wipe()
        return channel

    def check_erasure(self) -> None:
        """Refuse an erasure, which names no key, when none of our keys trusts any Home. Raises RowRefused."""
        if all(key.must_check and not key.home for key in self._keys.values()):
            raise RowRefused(_NO_PIN)

    def wipe(self) -> None:
        """Overwrite every derived key."""
        for channel in self._known.values():
            channel.shared.wipe()
        self._known.clear()

    def _check(self, row: ExportRow) -> Channel:
        public = decode_column(row.public_key, "public_key", memory.KEY_BYTES)
        sender = decode_column(row.sign_key, "sign_key", memory.KEY_BYTES)
        signed = decode_column(row.sign_key_cert, "sign_key_cert")
        key = self._keys.get(row.public_key)
        if key is None:
            raise RowRefused(f"encrypted for a key that is not given: {fingerprint(public)}")
        certificate = self._verify(row, key, signed, sender)
        home = _fingerprint(certificate.identity) if certificate else ""
        try:
            return Channel(key, certificate, home, memory.box_shared(sender, key.secret))
        except KeyRefused as error:
            raise RowRefused(f"the sender's key is refused: {error}") from error

    def _verify(self, row: ExportRow, key: HeldKey, signed: bytes, sender: bytes) -> Certificate | None:
        if not key.home:
            if key.must_check:
                raise RowRefused(_NO_PIN)
            return None
        identity, home_box, earlier = signed[_IDENTITY], key.home_box, None
        if len(signed) == CERTIFICATE_BYTES and _fingerprint(identity) != key.home:
            earlier = self._predecessors.find(key.home, _fingerprint(identity))
            if earlier is None:
                raise RowRefused(OTHER_HOME)
            home_box = earlier.box
        try:
            certificate = certificates.verify(signed, identity=identity, home_box=home_box, sign_key=sender)
        except CertificateRefused as error:
            raise RowRefused(f"{_REFUSED}{error}") from error
        if earlier is not None and not is_in_time(earlier, certificate):
            raise RowRefused(f"{_REFUSED}it outlives the earlier identity of the site that signed it")
        times = (_time(certificate.not_before), _time(certificate.not_after))
        if times != (row.sign_key_not_before, row.sign_key_not_after):
            raise RowRefused(f"{_REFUSED}its times are not those of the row")
        return certificate


def decode_column(text: str, column: str, size: int | None = None) -> bytes:
    """A base64url column, canonical and of that size. Raises RowRefused that names the column."""
    try:
        return decode(text, size)
    except EncodingError as error:
        raise RowRefused(f"{column} is damaged: {error}") from error


def _time(value: datetime | None) -> str:
    return "" if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")
