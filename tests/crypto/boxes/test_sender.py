"""A sender lives short: what ends it, what its end waits for, and that nothing of it is left in memory then."""

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from nacl.bindings import crypto_scalarmult
from nacl.public import Box, PrivateKey

from proca_web.crypto import memory
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sealing import Sealer
from proca_web.crypto.boxes.sender import Sender, SystemClock
from proca_web.crypto.errors import CannotOpen, SenderEnded
from proca_web.crypto.keys.home import write_new_home_key
from proca_web.crypto.memory import Secret
from tests.crypto.boxes.scanned_child import MASK
from tests.crypto.making import (
    FIRST_NONCE,
    NOON,
    TwoClocks,
    home_of,
    in_child,
    key_of,
    new_home,
    new_sender,
    opened,
    peek,
)
from tests.required import required

ORG = PrivateKey.generate()
PUBLIC = bytes(ORG.public_key)


# What ends a sender


@pytest.mark.parametrize("mode", [Mode.SESSION, Mode.THROWAWAY])
def test_a_sender_takes_no_submission_once_900_seconds_are_over(mode: Mode) -> None:
    clock = TwoClocks()
    sender = new_sender(mode, clock=clock)
    clock.forward(900)
    with pytest.raises(SenderEnded, match="over age"):
        Sealer(sender)


def test_a_sender_takes_submissions_up_to_its_last_second() -> None:
    clock = TwoClocks()
    sender = new_sender(clock=clock)
    clock.forward(899.9)
    assert Sealer(sender)
    assert sender.seconds_left() == pytest.approx(0.1)


def test_a_part_of_a_second_at_the_start_shortens_a_senders_life() -> None:
    clock = TwoClocks(NOON + 0.75)
    sender = new_sender(clock=clock)
    assert sender.not_before.timestamp() == NOON
    clock.forward(899.25)
    with pytest.raises(SenderEnded, match="over age"):
        Sealer(sender)


@pytest.mark.parametrize("seconds", [2.1, -2.1, 3600, -3600])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_sender_ends_when_the_wall_clock_jumps(mode: Mode, seconds: float) -> None:
    clock = TwoClocks()
    sender = new_sender(mode, clock=clock)
    assert Sealer(sender)
    clock.jump(seconds)
    with pytest.raises(SenderEnded, match="jumped"):
        one_more_nonce(sender)


def one_more_nonce(sender: Sender) -> None:
    """One more nonce: of a submission, or of a static sender's copy."""
    if sender.mode is Mode.STATIC:
        sender.take_one()
    sender.take_block()


@pytest.mark.parametrize("seconds", [1.9, -1.9])
def test_a_clock_that_is_set_right_by_a_little_ends_nothing(seconds: float) -> None:
    clock = TwoClocks()
    sender = new_sender(clock=clock)
    clock.jump(seconds)
    assert Sealer(sender)


def test_a_session_has_512_submissions_and_its_certificate_covers_the_last_nonce() -> None:
    sender = new_sender()
    blocks = [sender.take_block() for _ in range(512)]
    assert int.from_bytes(blocks[-1][-1], "big") == int.from_bytes(FIRST_NONCE, "big") + 4095
    assert int.from_bytes(sender.certificate[-2:], "big") == 4096
    with pytest.raises(SenderEnded, match="used up"):
        sender.take_block()


def test_a_throwaway_has_one_submission() -> None:
    sender = new_sender(Mode.THROWAWAY)
    Sealer(sender)
    with pytest.raises(SenderEnded, match="used up"):
        Sealer(sender)


def test_a_static_sender_has_neither_age_nor_number() -> None:
    clock = TwoClocks()
    sender = new_sender(Mode.STATIC, clock=clock)
    clock.forward(10 * 365 * 86400)
    for _ in range(1100):
        Sealer(sender)
    assert sender.not_after is None
    assert sender.seconds_left() == 0


def test_a_sender_without_a_committed_row_seals_nothing() -> None:
    sender = new_sender()
    sender.row_id = None
    with pytest.raises(SenderEnded, match="row is committed"):
        Sealer(sender)


# Its end


@pytest.mark.parametrize("mode", [Mode.SESSION, Mode.THROWAWAY])
def test_the_end_wipes_the_secret_and_every_shared_key(mode: Mode) -> None:
    sender = new_sender(mode)
    Sealer(sender).seal(b"text", key_of(ORG))
    secret, (shared,) = sender._secret, sender._shared.values()
    sender.end()
    assert secret.is_wiped
    assert shared.is_wiped
    assert sender._shared == {}
    assert sender.ended


def test_the_end_of_a_static_sender_leaves_the_home_key_and_wipes_shared_keys() -> None:
    home = home_of(bytes(range(32)))
    sender = new_sender(Mode.STATIC, home=home)
    Sealer(sender).seal(b"text", key_of(ORG))
    (shared,) = sender._shared.values()
    sender.end()
    assert shared.is_wiped
    assert peek(home.box_secret) == bytes(range(32))


@pytest.mark.parametrize("mode", list(Mode))
def test_nothing_of_an_ended_sender_can_be_used(mode: Mode) -> None:
    sender = new_sender(mode)
    sealer = Sealer(sender)
    sealed = sealer.seal(b"text", key_of(ORG))
    sender.end()
    sender.end()
    uses: list[Callable[[], object]] = [
        lambda: Sealer(sender),
        sender.take_one,
        lambda: sealer.seal(b"text", key_of(ORG)),
        lambda: sender.seal(b"text", FIRST_NONCE, PUBLIC),
        lambda: sender.open(sealed.payload, sealed.nonce, PUBLIC),
    ]
    for use in uses:
        with pytest.raises(SenderEnded):
            use()


@contextmanager
def held_seal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Seals stop in the middle: the first event says that one began, the second lets it go on."""
    begun, go_on = threading.Event(), threading.Event()
    real = memory.box_seal

    def slow(plaintext: bytes, nonce: bytes, shared: Secret) -> bytes:
        begun.set()
        assert go_on.wait(5)
        return real(plaintext, nonce, shared)

    monkeypatch.setattr(memory, "box_seal", slow)
    try:
        yield begun, go_on
    finally:
        go_on.set()


def test_the_end_waits_for_a_seal_in_flight_and_refuses_new_ones_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = new_sender()
    sealer, payloads = Sealer(sender), []
    with held_seal(monkeypatch) as (begun, go_on):
        sealing = threading.Thread(target=lambda: payloads.append(sealer.seal(b"in flight", key_of(ORG))))
        sealing.start()
        assert begun.wait(5)
        ending = threading.Thread(target=sender.end)
        ending.start()
        ending.join(0.1)
        assert ending.is_alive()
        assert not sender._secret.is_wiped
        with pytest.raises(SenderEnded):
            sender.seal(b"too late", FIRST_NONCE, PUBLIC)
        go_on.set()
        sealing.join(5)
        ending.join(5)
    assert sender._secret.is_wiped
    (sealed,) = payloads
    assert opened(sealed.payload, sealed.nonce, sender.public, ORG) == b"in flight"


def test_a_seal_that_fails_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = new_sender()

    def fail(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(memory, "box_seal", fail)
    with pytest.raises(MemoryError):
        Sealer(sender).seal(b"text", key_of(ORG))
    sender.end()
    assert sender._secret.is_wiped


def test_whatever_is_sealed_while_a_sender_ends_opens_and_none_of_it_under_a_wiped_key() -> None:
    for _ in range(8):
        sender = new_sender(clock=SystemClock())
        sealed: list[tuple[bytes, bytes]] = []
        enough = threading.Event()
        threads = [threading.Thread(target=seal_until_the_end, args=(sender, sealed, enough)) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert enough.wait(5)
        sender.end()
        for thread in threads:
            thread.join(5)
        assert not any(thread.is_alive() for thread in threads)
        for payload, nonce in sealed:
            assert opened(payload, nonce, sender.public, ORG) == b"text"


def seal_until_the_end(sender: Sender, sealed: list[tuple[bytes, bytes]], enough: threading.Event) -> None:
    """Seal again and again; say so after the twentieth time."""
    while True:
        nonce = os.urandom(24)
        try:
            sealed.append((sender.seal(b"text", nonce, PUBLIC), nonce))
        except SenderEnded:
            return
        if len(sealed) >= 20:
            enough.set()


# What it seals and opens


def test_a_sender_opens_its_own_boxes_while_it_lives() -> None:
    sender = new_sender()
    sealed = Sealer(sender).seal(b"text", key_of(ORG))
    assert sender.open(sealed.payload, sealed.nonce, PUBLIC) == b"text"
    with pytest.raises(CannotOpen):
        sender.open(sealed.payload, b"\x01" * 24, PUBLIC)


def test_a_shared_key_is_computed_once_for_each_recipient() -> None:
    sender, other = new_sender(), PrivateKey.generate()
    sealer = Sealer(sender)
    for secret in (ORG, other, ORG):
        sealed = sealer.seal(b"text", key_of(secret))
        assert opened(sealed.payload, sealed.nonce, sender.public, secret) == b"text"
    assert set(sender._shared) == {PUBLIC, bytes(other.public_key)}


def test_a_static_sender_is_the_home_key_pair_itself() -> None:
    home = home_of(bytes(range(32)))
    sender = new_sender(Mode.STATIC, home=home)
    sealed = Sealer(sender).seal(b"text", key_of(ORG))
    assert sealed.payload == Box(PrivateKey(bytes(range(32))), ORG.public_key).encrypt(b"text", sealed.nonce).ciphertext


def test_every_sender_has_a_pair_of_its_own() -> None:
    home = new_home()
    assert len({new_sender(home=home).public for _ in range(8)}) == 8


def test_a_sender_shows_its_mode_and_is_not_pickled() -> None:
    sender = new_sender()
    assert repr(sender) == "<Sender session ended=False>"
    with pytest.raises(TypeError, match="never copied"):
        pickle.dumps(sender)


# Forks


@pytest.mark.parametrize("mode", list(Mode))
def test_a_forked_child_does_nothing_with_its_parents_sender(mode: Mode) -> None:
    sender = new_sender(mode)
    sealer = Sealer(sender)

    def try_everything() -> list[str]:
        refused = []
        for use in (
            lambda: Sealer(sender),
            sender.take_one,
            lambda: sender.seal(b"text", FIRST_NONCE, PUBLIC),
            lambda: sealer.seal(b"text", key_of(ORG)),
        ):
            with pytest.raises(SenderEnded) as ended:
                use()
            refused.append(str(ended.value))
        sender.end()
        return refused

    with sender._state:  # as if another thread were just taking a nonce: that thread is not in the child
        assert set(in_child(try_everything)) == {"this sender belongs to another process"}
    assert opened(*sealed_by(sealer), sender.public, ORG) == b"text"


def sealed_by(sealer: Sealer) -> tuple[bytes, bytes]:
    """Payload and nonce of one more copy."""
    sealed = sealer.seal(b"text", key_of(ORG))
    return sealed.payload, sealed.nonce


def test_ending_an_inherited_sender_in_a_child_wipes_it_there_only() -> None:
    sender = new_sender()
    Sealer(sender).seal(b"text", key_of(ORG))

    def end() -> list[bool]:
        (shared,) = sender._shared.values()
        sender.end()
        return [sender.ended, sender._secret.is_wiped, shared.is_wiped]

    assert in_child(end) == [True, True, True]
    assert not sender.ended
    assert not sender._secret.is_wiped


# Memory


def unmasked(told: str) -> bytes:
    """A secret as the child told it, without the mask."""
    return bytes(cell ^ MASK for cell in bytes.fromhex(told))


class LiveChild:
    """The process of scanned_child.py, and what is found in its memory."""

    def __init__(self, process: "subprocess.Popen[str]", org: PrivateKey) -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stdin is not None
        self._out: IO[str] = process.stdout
        self._in: IO[str] = process.stdin
        told = json.loads(self._out.readline())
        # The library clamps some outer bits of a secret before it uses it: the inner bytes are what a copy would have.
        self.secrets = {name: unmasked(told[name])[1:31] for name in ("home", "secret", "shared")}
        self.secrets["before hashing"] = crypto_scalarmult(bytes(org), bytes.fromhex(told["public"]))

    def end_sender(self) -> None:
        print(file=self._in, flush=True)
        assert self._out.readline() == "ended\n"

    def found(self) -> set[str]:
        """The names of the secrets that are somewhere in the process's memory."""
        found: set[str] = set()
        memory_of_child = Path(f"/proc/{self.process.pid}/mem")
        try:
            memory_of_child.open("rb").close()
        except OSError as error:
            required("ptrace", f"the memory of a child may not be read here ({error.strerror})")
        with memory_of_child.open("rb", buffering=0) as cells, open(f"/proc/{self.process.pid}/maps") as maps:
            for line in maps:
                span, rights = line.split()[:2]
                start, end = (int(edge, 16) for edge in span.split("-"))
                if "r" not in rights or end > 2**63:
                    continue
                try:
                    cells.seek(start)
                    content = cells.read(end - start)
                except OSError:
                    continue  # the kernel's own pages
                found |= {name for name, secret in self.secrets.items() if secret in content}
        return found


@contextmanager
def live_child(folder: Path, mode: Mode) -> Iterator[LiveChild]:
    """A process that has sealed and still has its sender."""
    if sys.platform != "linux":
        required("ptrace", "a child's memory is read through /proc")
    write_new_home_key(folder / "home.key")
    command = [sys.executable, str(Path(__file__).with_name("scanned_child.py"))]
    command += [str(folder / "home.key"), PUBLIC.hex(), mode.name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield LiveChild(process, ORG)
        finally:
            process.kill()


def test_an_ended_session_is_nowhere_in_the_memory_of_its_process(tmp_path: Path) -> None:
    with live_child(tmp_path, Mode.SESSION) as child:
        # The control, without which the second look would prove nothing; and the Home secret is gone already.
        assert child.found() == {"secret", "shared"}
        child.end_sender()
        assert child.found() == set()


def test_a_static_process_holds_the_home_secret_as_long_as_it_lives(tmp_path: Path) -> None:
    with live_child(tmp_path, Mode.STATIC) as child:
        assert child.found() == {"home", "secret", "shared"}
        child.end_sender()
        assert child.found() == {"home", "secret"}
