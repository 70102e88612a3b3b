"""The one room where the server's secrets live: cffi memory that is locked, kept out of core dumps and wiped.

A secret here is never a Python `bytes`, `PrivateKey` or `Box`: those are copied and freed without being overwritten.
Callers hold `Secret` objects and ask this room to use them; the bytes themselves are handed out to nobody.
"""

import mmap
import os
import sys
from typing import Any, Self

from nacl._sodium import ffi, lib

from proca_web.crypto.errors import CannotOpen, KeyRefused

KEY_BYTES = 32
NONCE_BYTES = 24
MAC_BYTES = 16
SIGNATURE_BYTES = 64

# Linux: pages arrive zeroed in a forked child. Python's mmap module has no name for it.
_MADV_WIPEONFORK = 18


class Secret:
    """`size` secret bytes in a page of their own: locked, not dumped, zero in a forked child, wiped on request.

    `kept_in_forks` is for the Home key alone: it is read before a server forks its workers, and they need it.
    """

    __slots__ = ("_page", "_pointer", "size")

    def __init__(self, size: int, *, kept_in_forks: bool = False) -> None:
        self._pointer: Any = None
        if not 0 < size <= mmap.PAGESIZE:
            raise ValueError("a secret fills one page at most")
        self.size = size
        self._page = _new_page(kept_in_forks)
        self._pointer = ffi.from_buffer("unsigned char[]", self._page)
        lib.sodium_mlock(self._pointer, mmap.PAGESIZE)  # best effort: RLIMIT_MEMLOCK may be small

    @classmethod
    def taking(cls, source: bytes | bytearray, *, kept_in_forks: bool = False) -> Self:
        """Move `source` into guarded memory; the source is overwritten with zeros, also when it is `bytes`."""
        secret = cls(len(source), kept_in_forks=kept_in_forks)
        cells = ffi.from_buffer("unsigned char[]", source)
        ffi.memmove(secret.pointer, cells, len(source))
        lib.sodium_memzero(cells, len(source))
        return secret

    @property
    def pointer(self) -> Any:
        """The C pointer, for the functions of this room. Raises CannotOpen after `wipe`."""
        if self._pointer is None:
            raise CannotOpen("this secret was wiped")
        return self._pointer

    @property
    def is_wiped(self) -> bool:
        """True once the bytes are gone."""
        return self._pointer is None

    def wipe(self) -> None:
        """Overwrite the bytes and give the page back; safe to repeat."""
        pointer, self._pointer = self._pointer, None
        if pointer is not None:
            lib.sodium_memzero(pointer, self.size)
            ffi.release(pointer)
            self._page.close()

    def __repr__(self) -> str:
        return f"<Secret of {self.size} bytes>"

    def __reduce__(self) -> str:
        raise TypeError("a secret is never copied or pickled")

    def __del__(self) -> None:
        self.wipe()


def _new_page(kept_in_forks: bool) -> mmap.mmap:
    """One zeroed page of this process alone, left out of core dumps and forks where the system can do that."""
    if sys.platform == "win32":  # an org's own computer: Windows has no fork and no such advice
        return mmap.mmap(-1, mmap.PAGESIZE)
    page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for advice in (getattr(mmap, "MADV_DONTDUMP", None), None if kept_in_forks else _MADV_WIPEONFORK):
        try:
            if advice is not None:
                page.madvise(advice)
        except OSError:
            continue  # another kernel: the pid check of the sender still stands
    return page


def wipe(cells: bytearray) -> None:
    """Overwrite a buffer that held a secret on its way into guarded memory."""
    lib.sodium_memzero(ffi.from_buffer("unsigned char[]", cells), len(cells))


def save(secret: Secret, descriptor: int) -> None:
    """Write a secret to an open file, from guarded memory. Raises OSError when it does not take all of it."""
    if os.write(descriptor, ffi.buffer(secret.pointer, secret.size)) != secret.size:
        raise OSError("a key was written in part")


def load(descriptor: int) -> Secret:
    """Read a key from an open file straight into guarded memory. Raises OSError when it is not as long as a key."""
    secret = Secret(KEY_BYTES)
    if os.readv(descriptor, [ffi.buffer(secret.pointer, KEY_BYTES)]) != KEY_BYTES:
        raise OSError("a key file of another length")
    return secret


def new_box_pair() -> tuple[bytes, Secret]:
    """A fresh X25519 pair: the public half as bytes, the secret half in guarded memory."""
    public, secret = ffi.new("unsigned char[]", KEY_BYTES), Secret(KEY_BYTES)
    lib.crypto_box_keypair(public, secret.pointer)
    return bytes(ffi.buffer(public)), secret


def box_public(secret: Secret) -> bytes:
    """The public half that belongs to an X25519 secret."""
    public = ffi.new("unsigned char[]", KEY_BYTES)
    lib.crypto_scalarmult_base(public, secret.pointer)
    return bytes(ffi.buffer(public))


def box_shared(public: bytes, secret: Secret) -> Secret:
    """The key both ends of a box share (crypto_box_beforenm). Raises KeyRefused for a low-order public key."""
    if len(public) != KEY_BYTES:
        raise KeyRefused("a public key has 32 bytes")
    shared = Secret(KEY_BYTES)
    if lib.crypto_box_beforenm(shared.pointer, public, secret.pointer) != 0:
        raise KeyRefused("a low-order public key")
    return shared


def box_seal(plaintext: bytes, nonce: bytes, shared: Secret) -> bytes:
    """crypto_box: a 16-byte tag and the ciphertext, without the nonce."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 24 bytes")  # C reads 24 bytes, whatever it is given
    sealed = ffi.new("unsigned char[]", len(plaintext) + MAC_BYTES)
    lib.crypto_box_easy_afternm(sealed, plaintext, len(plaintext), nonce, shared.pointer)
    return bytes(ffi.buffer(sealed))


def box_open(payload: bytes, nonce: bytes, shared: Secret) -> bytes:
    """Open a box with the shared key. Raises CannotOpen for a wrong key, nonce, sender or a changed payload."""
    if len(payload) < MAC_BYTES or len(nonce) != NONCE_BYTES:
        raise CannotOpen("not a box: too short, or a nonce that is not 24 bytes")
    plaintext = ffi.new("unsigned char[]", max(1, len(payload) - MAC_BYTES))
    if lib.crypto_box_open_easy_afternm(plaintext, payload, len(payload), nonce, shared.pointer) != 0:
        raise CannotOpen("the box does not open")
    opened = bytes(ffi.buffer(plaintext, len(payload) - MAC_BYTES))
    lib.sodium_memzero(plaintext, len(opened))  # the caller's copy is the only one
    return opened


def signing_pair(seed: Secret) -> tuple[bytes, Secret]:
    """The Home identity's Ed25519 pair from its 32-byte seed: public half as bytes, secret half in guarded memory."""
    public, secret = ffi.new("unsigned char[]", KEY_BYTES), Secret(2 * KEY_BYTES, kept_in_forks=True)
    lib.crypto_sign_seed_keypair(public, secret.pointer, seed.pointer)
    return bytes(ffi.buffer(public)), secret


def sign(message: bytes, secret: Secret) -> bytes:
    """A detached 64-byte Ed25519 signature over `message`."""
    signed = ffi.new("unsigned char[]", SIGNATURE_BYTES + len(message))
    lib.crypto_sign(signed, ffi.NULL, message, len(message), secret.pointer)
    return bytes(ffi.buffer(signed, SIGNATURE_BYTES))
