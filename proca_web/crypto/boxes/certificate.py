"""A sender's certificate: the Home identity vouches for a key pair, its time window and its nonces (protocol 2)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from proca_web.crypto.encoding import be16, be64
from proca_web.crypto.errors import CertificateRefused
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.labels import label

CERTIFICATE_BYTES = 203
MAX_WINDOW = timedelta(seconds=900)
LATE_SEAL = timedelta(seconds=60)
MAX_NONCES = 4096
_SPACE = 2**192


class Mode(IntEnum):
    """How long a sender's key pair lives; the byte in its certificate."""

    STATIC = 0
    SESSION = 1
    THROWAWAY = 2


@dataclass(frozen=True, slots=True)
class Certificate:
    """The signed 139 bytes as values. Times are UTC, whole seconds; `not_after` None and `nonces` 0 mean unlimited."""

    identity: bytes
    home_box: bytes
    sender: bytes
    mode: Mode
    not_before: datetime
    not_after: datetime | None
    first_nonce: bytes
    nonces: int

    def body(self) -> bytes:
        """The bytes that are signed and that travel."""
        end = 0 if self.not_after is None else int(self.not_after.timestamp())
        return b"".join(
            (
                self.identity,
                self.home_box,
                self.sender,
                bytes([self.mode]),
                be64(int(self.not_before.timestamp())),
                be64(end),
                self.first_nonce,
                be16(self.nonces),
            )
        )

    def check_nonce(self, nonce: bytes) -> None:
        """Refuse a nonce outside this sender's range (static senders have none)."""
        if self.nonces == 0:
            return
        distance = (int.from_bytes(nonce, "big") - int.from_bytes(self.first_nonce, "big")) % _SPACE
        if distance >= self.nonces:
            raise CertificateRefused("the nonce is outside this sender's range")

    def check_sealed_at(self, minute: datetime) -> None:
        """Refuse a sealing minute (`_meta.at`) outside this sender's window; never compared with the present."""
        if minute < self.not_before.replace(second=0):
            raise CertificateRefused("encrypted before its sender existed")
        if self.not_after is not None and minute > self.not_after + LATE_SEAL:
            raise CertificateRefused("encrypted after its sender had ended")


def issue(home: HomeKey, certificate: Certificate) -> bytes:
    """Ed25519(identity, L("sender-cert") ‖ body) ‖ body: 203 bytes."""
    body = certificate.body()
    return home.sign("sender-cert", body) + body


def verify(data: bytes, *, identity: bytes, home_box: bytes | None, sign_key: bytes) -> Certificate:
    """Read a certificate under the *pinned* identity. Raises CertificateRefused, each failure with its own reason.

    `home_box` None: only the identity is pinned. The caller goes on with `check_nonce` and `check_sealed_at`.
    """
    if len(data) != CERTIFICATE_BYTES:
        raise CertificateRefused(f"a certificate of {len(data)} bytes where {CERTIFICATE_BYTES} are needed")
    signature, body = data[:64], data[64:]
    try:
        crypto_sign_open(signature + label("sender-cert") + body, identity)
    except BadSignatureError as error:
        raise CertificateRefused("not signed by the site that you trust") from error
    certificate = _read_body(body)
    _check_fixed(certificate, identity=identity, home_box=home_box, sign_key=sign_key)
    return certificate


def _read_body(body: bytes) -> Certificate:
    if body[96] not in set(Mode):
        raise CertificateRefused("an unknown sender mode")
    end = int.from_bytes(body[105:113], "big")
    try:
        not_before = datetime.fromtimestamp(int.from_bytes(body[97:105], "big"), UTC)
        not_after = datetime.fromtimestamp(end, UTC) if end else None
    except (OverflowError, ValueError, OSError) as error:
        raise CertificateRefused("a time that is no time") from error
    return Certificate(
        identity=body[:32],
        home_box=body[32:64],
        sender=body[64:96],
        mode=Mode(body[96]),
        not_before=not_before,
        not_after=not_after,
        first_nonce=body[113:137],
        nonces=int.from_bytes(body[137:139], "big"),
    )


def _check_fixed(certificate: Certificate, *, identity: bytes, home_box: bytes | None, sign_key: bytes) -> None:
    if certificate.identity != identity:
        raise CertificateRefused("made for another identity of the site")
    if home_box is not None and certificate.home_box != home_box:
        raise CertificateRefused("made for another box key of the site")
    if certificate.sender != sign_key:
        raise CertificateRefused("made for another sender")
    if certificate.mode is Mode.STATIC:
        if certificate.sender != certificate.home_box or certificate.not_after or certificate.nonces:
            raise CertificateRefused("a static sender that is not the site's key")
        return
    window = certificate.not_after - certificate.not_before if certificate.not_after else None
    if window is None or not timedelta(0) <= window <= MAX_WINDOW:
        raise CertificateRefused("a window longer than 900 seconds")
    if not 0 < certificate.nonces <= MAX_NONCES:
        raise CertificateRefused("more nonces than a sender may have")
