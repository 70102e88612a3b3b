"""The room of the server's secrets: shown to nobody, copied by nothing, zero in a fork, gone when wiped."""

import copy
import mmap
import os
import pickle
import resource
import sys
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nacl._sodium import ffi
from nacl.public import Box, PrivateKey
from nacl.signing import SigningKey

from proca_web.crypto import memory
from proca_web.crypto.errors import CannotOpen, KeyRefused
from proca_web.crypto.memory import Secret
from tests.crypto.making import in_child, peek

NONCE = bytes(range(24))
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="MADV_WIPEONFORK is Linux's")


def secret_of(data: bytes) -> Secret:
    """A Secret with a copy of these bytes."""
    return Secret.taking(bytearray(data))


@pytest.mark.parametrize("show", [repr, str, lambda secret: f"{secret}", lambda secret: f"{[secret]!r:.200}"])
def test_a_secret_shows_its_size_and_nothing_else(show: Callable[[Secret], str]) -> None:
    secret = secret_of(b"Z" * 32)
    assert "<Secret of 32 bytes>" in show(secret)
    assert "ZZ" not in show(secret)


def test_a_traceback_with_its_locals_shows_nothing_of_a_secret() -> None:
    def fail(secret: Secret) -> None:
        pointer = secret.pointer
        raise ValueError(f"{secret} {pointer}")

    try:
        fail(secret_of(b"Z" * 32))
    except ValueError as error:
        shown = traceback.format_exc()
        shown += "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "<Secret of 32 bytes>" in shown
    assert "ZZ" not in shown
    assert (b"Z" * 4).hex() not in shown


@pytest.mark.parametrize("act", [copy.copy, copy.deepcopy, pickle.dumps, lambda secret: pickle.dumps(secret, 0)])
def test_a_secret_is_neither_copied_nor_pickled(act: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError, match="never copied"):
        act(secret_of(b"Z" * 32))


def test_a_secret_has_no_buffer_and_no_length_to_read_it_by() -> None:
    secret: Any = secret_of(b"Z" * 32)
    for read in (bytes, memoryview, len, list):
        with pytest.raises(TypeError):
            read(secret)


def test_taking_moves_the_bytes_and_overwrites_a_bytearray() -> None:
    source = bytearray(os.urandom(32))
    before = bytes(source)
    secret = Secret.taking(source)
    assert source == bytes(32)
    assert peek(secret) == before


def test_taking_overwrites_even_bytes() -> None:
    source = os.urandom(32)
    before = bytearray(source)
    secret = Secret.taking(source)
    assert source == bytes(32)
    assert peek(secret) == before


def test_wiping_a_buffer_leaves_zeros() -> None:
    cells = bytearray(b"Z" * 44)
    memory.wipe(cells)
    assert cells == bytes(44)


def test_wiping_overwrites_the_cells_before_the_page_is_given_back() -> None:
    secret = secret_of(b"Z" * 32)
    cells = memoryview(secret._page)  # while it is held the page stays, so what is left in it can be read
    with pytest.raises(BufferError):
        secret.wipe()
    assert bytes(cells[:32]) == bytes(32)
    cells.release()


def test_wiping_twice_is_wiping_once() -> None:
    secret = secret_of(b"Z" * 32)
    assert not secret.is_wiped
    secret.wipe()
    secret.wipe()
    assert secret.is_wiped


@pytest.mark.parametrize(
    "use",
    [
        lambda secret: secret.pointer,
        memory.box_public,
        memory.signing_pair,
        lambda secret: memory.box_shared(bytes(PrivateKey.generate().public_key), secret),
        lambda secret: memory.box_seal(b"text", NONCE, secret),
        lambda secret: memory.box_open(b"t" * 40, NONCE, secret),
        lambda secret: memory.sign(b"text", secret),
    ],
    ids=["pointer", "public", "signing pair", "shared", "seal", "open", "sign"],
)
def test_a_wiped_secret_serves_nothing_any_more(use: Callable[[Secret], object]) -> None:
    secret = secret_of(b"Z" * 32)
    secret.wipe()
    with pytest.raises(CannotOpen, match="wiped"):
        use(secret)


@pytest.mark.parametrize("size", [0, -1, mmap.PAGESIZE + 1])
def test_a_secret_that_does_not_fit_its_page_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="one page"):
        Secret(size)


@linux_only
def test_a_forked_child_finds_zeros() -> None:
    secret = secret_of(b"Z" * 32)
    assert in_child(lambda: peek(secret).hex()) == bytes(32).hex()
    assert peek(secret) == b"Z" * 32


def test_only_a_secret_that_is_kept_in_forks_reaches_a_child() -> None:
    secret = Secret.taking(bytearray(b"Z" * 32), kept_in_forks=True)
    assert in_child(lambda: peek(secret).hex()) == (b"Z" * 32).hex()


@linux_only
def test_a_secrets_page_is_locked_and_left_out_of_core_dumps() -> None:
    secret = secret_of(b"Z" * 32)
    address = int(ffi.cast("uintptr_t", secret.pointer))
    flags = _flags_of_mapping(address)
    assert {"dd", "wf"} <= flags
    assert "lo" in flags or _lockable_bytes() < mmap.PAGESIZE * 64


def _flags_of_mapping(address: int) -> set[str]:
    inside = False
    with open("/proc/self/smaps") as smaps:
        for line in smaps:
            head = line.split(maxsplit=1)[0]
            if "-" in head and not head.endswith(":"):
                start, end = (int(edge, 16) for edge in head.split("-"))
                inside = start <= address < end
            elif inside and head == "VmFlags:":
                return set(line.split()[1:])
    raise AssertionError("no such mapping")


def _lockable_bytes() -> int:
    soft = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def test_a_new_pair_is_an_x25519_pair_and_each_is_another() -> None:
    public, secret = memory.new_box_pair()
    assert bytes(PrivateKey(peek(secret)).public_key) == public
    assert memory.box_public(secret) == public
    assert memory.new_box_pair()[0] != public


def test_the_shared_key_is_the_one_both_ends_of_a_box_have() -> None:
    public, secret = memory.new_box_pair()
    other = PrivateKey.generate()
    shared = memory.box_shared(bytes(other.public_key), secret)
    assert peek(shared) == Box(PrivateKey(peek(secret)), other.public_key).shared_key()
    assert public


@pytest.mark.parametrize(
    ("public", "reason"),
    [(bytes(32), "low-order"), (b"\x01".ljust(32, b"\0"), "low-order"), (b"\x09" * 31, "32 bytes")],
)
def test_no_key_is_shared_with_a_bad_public_key(public: bytes, reason: str) -> None:
    _, secret = memory.new_box_pair()
    with pytest.raises(KeyRefused, match=reason):
        memory.box_shared(public, secret)


@pytest.mark.parametrize("plaintext", [b"", b"x", b"x" * 1024, b"x" * 8192])
def test_a_sealed_text_is_raw_pynacls_box(plaintext: bytes) -> None:
    ours, theirs = PrivateKey.generate(), PrivateKey.generate()
    shared = memory.box_shared(bytes(theirs.public_key), secret_of(bytes(ours)))
    sealed = memory.box_seal(plaintext, NONCE, shared)
    assert sealed == Box(ours, theirs.public_key).encrypt(plaintext, NONCE).ciphertext
    assert memory.box_open(sealed, NONCE, shared) == plaintext


@pytest.mark.parametrize("size", [0, 23, 25])
def test_a_nonce_of_another_size_never_reaches_the_library(size: int) -> None:
    shared = secret_of(os.urandom(32))
    with pytest.raises(ValueError, match="24 bytes"):
        memory.box_seal(b"text", bytes(size), shared)
    with pytest.raises(CannotOpen, match="24 bytes"):
        memory.box_open(bytes(40), bytes(size), shared)


@pytest.mark.parametrize("place", [0, 15, 16, 19])
def test_a_changed_box_does_not_open(place: int) -> None:
    shared = secret_of(os.urandom(32))
    sealed = bytearray(memory.box_seal(b"text", NONCE, shared))
    sealed[place] ^= 1
    with pytest.raises(CannotOpen, match="does not open"):
        memory.box_open(bytes(sealed), NONCE, shared)


def test_neither_sealing_nor_opening_keeps_a_text(kept_bytes: Callable[[Callable[[], object]], int]) -> None:
    shared, text = secret_of(os.urandom(32)), os.urandom(1 << 20)
    sealed = memory.box_seal(text, NONCE, shared)
    for act in (lambda: memory.box_seal(text, NONCE, shared), lambda: memory.box_open(sealed, NONCE, shared)):
        assert kept_bytes(act) < 1 << 16


@pytest.fixture
def kept_bytes() -> Iterator[Callable[[Callable[[], object]], int]]:
    """How much memory is still held by whoever took it while something was done."""

    def kept(act: Callable[[], object]) -> int:
        before = tracemalloc.get_traced_memory()[0]
        act()
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    yield kept
    tracemalloc.stop()


def test_the_cells_a_box_was_opened_into_are_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, made = secret_of(os.urandom(32)), []
    sealed = memory.box_seal(b"Zofia", NONCE, shared)

    class Watched:
        """The library's memory, and which of it was taken."""

        def new(self, *kind: Any) -> Any:
            made.append(ffi.new(*kind))
            return made[-1]

        def __getattr__(self, name: str) -> Any:
            return getattr(ffi, name)

    monkeypatch.setattr(memory, "ffi", Watched())
    assert memory.box_open(sealed, NONCE, shared) == b"Zofia"
    assert [bytes(ffi.buffer(cells)) for cells in made] == [bytes(5)]


@pytest.mark.parametrize("size", [0, 15, 16])
def test_a_box_without_text_or_tag_does_not_open(size: int) -> None:
    with pytest.raises(CannotOpen):
        memory.box_open(bytes(size), NONCE, secret_of(os.urandom(32)))


def test_a_signature_is_raw_pynacls() -> None:
    seed = os.urandom(32)
    public, secret = memory.signing_pair(secret_of(seed))
    assert public == bytes(SigningKey(seed).verify_key)
    assert memory.sign(b"message", secret) == SigningKey(seed).sign(b"message").signature
