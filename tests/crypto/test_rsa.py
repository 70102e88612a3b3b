"""Signatures of others: what OpenSSL signs is taken, anything else is not, however it is padded."""

import hashlib
import ssl
import subprocess
from pathlib import Path

import pytest

from proca_web.crypto import rsa
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.rsa import PublicKey

MESSAGE = b"Message\nhello\n"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and its certificate."""
    folder = tmp_path_factory.mktemp("rsa")
    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=sns",
        "-keyout",
        "key",
        "-out",
        "pem",
        at=folder,
    )
    return folder


def openssl(*arguments: str, at: Path, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], cwd=at, input=given, check=True, capture_output=True).stdout


def der(folder: Path, name: str = "pem") -> bytes:
    return ssl.PEM_cert_to_DER_cert((folder / name).read_text())


def key(folder: Path) -> PublicKey:
    return rsa.key_of_certificate(der(folder))


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_what_the_holder_signed_is_taken(signer: Path, digest: str) -> None:
    signature = openssl("dgst", f"-{digest}", "-sign", "key", at=signer, given=MESSAGE)
    assert key(signer).verifies(MESSAGE, signature, digest)


def test_anything_else_is_not(signer: Path) -> None:
    signature = openssl("dgst", "-sha256", "-sign", "key", at=signer, given=MESSAGE)
    public = key(signer)
    changed = bytes([signature[0] ^ 1]) + signature[1:]
    larger = (int.from_bytes(signature, "big") + public.modulus).to_bytes(257, "big")
    for other in (changed, signature[:-1], b"\x00" + signature, b"", b"\x00" * 256, larger, larger[-256:]):
        assert not public.verifies(MESSAGE, other, "sha256")
    assert not public.verifies(MESSAGE + b"\n", signature, "sha256")
    assert not public.verifies(MESSAGE, signature, "sha1")


def test_a_signature_with_room_behind_its_digest_is_refused() -> None:
    """Bleichenbacher's forgery of 2006: a cube that only begins as it should; exponents are never 3 here either."""
    info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(MESSAGE).digest()
    begins = b"\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00" + info
    public = PublicKey((1 << 2048) - 1)
    assert not public.verifies(MESSAGE, begins + b"\x00" * (256 - len(begins)), "sha256")


def test_a_certificate_of_another_kind_is_refused(tmp_path: Path) -> None:
    weak = ("-newkey", "rsa:1024")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    for kind in (weak, curve):
        openssl(
            "req", "-x509", *kind, "-nodes", "-days", "2", "-subj", "/CN=x", "-keyout", "k", "-out", "c", at=tmp_path
        )
        with pytest.raises(EncodingError):
            rsa.key_of_certificate(der(tmp_path, "c"))


def test_a_damaged_certificate_is_refused(signer: Path) -> None:
    whole = der(signer)
    for size in (0, 1, 2, 4, 10, 100, 300, len(whole) - 1):
        with pytest.raises(EncodingError):
            rsa.key_of_certificate(whole[:size])
    with pytest.raises(EncodingError):
        rsa.key_of_certificate(b"\x30\x84\xff\xff\xff\xff" + whole)
