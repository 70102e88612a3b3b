"""Running nonces: one after the other, big-endian, whoever the recipient is; each once, and never from zero again."""

import itertools
import threading

import pytest
from nacl.public import PrivateKey

from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.nonces import NonceCounter
from proca_web.crypto.boxes.sealing import Sealer
from proca_web.crypto.boxes.sender import Sender
from proca_web.crypto.errors import SenderEnded
from tests.crypto.making import FIRST_NONCE, key_of, new_sender, number

LAST = 2**192 - 1
ALICE, BOB = PrivateKey.generate(), PrivateKey.generate()


def nonces_of(sender: Sender, copies: int) -> list[int]:
    """The nonces of one submission's copies, to two orgs in turn."""
    sealer = Sealer(sender)
    orgs = itertools.cycle([key_of(ALICE), key_of(BOB)])
    return [number(sealer.seal(b"text", next(orgs)).nonce) for _ in range(copies)]


@pytest.mark.parametrize("first", [FIRST_NONCE, b"\x00" * 24, b"\x00" * 23 + b"\xff", b"\x00" * 20 + b"\xff" * 4])
def test_a_nonce_is_the_one_before_plus_one_big_endian(first: bytes) -> None:
    taken = NonceCounter(first).take(3)
    assert taken[0] == first
    assert [int.from_bytes(nonce, "big") for nonce in taken] == [number(first) + step for step in range(3)]
    assert {len(nonce) for nonce in taken} == {24}


@pytest.mark.parametrize("size", [0, 23, 25])
def test_a_first_nonce_has_24_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="24 bytes"):
        NonceCounter(bytes(size))


def test_copies_to_a_and_b_and_a_count_on() -> None:
    first = number(FIRST_NONCE)
    assert nonces_of(new_sender(), 3) == [first, first + 1, first + 2]


@pytest.mark.parametrize("copies", [1, 2, 4, 8])
def test_a_submission_takes_eight_nonces_however_many_copies_it_has(copies: int) -> None:
    sender, first = new_sender(), number(FIRST_NONCE)
    assert nonces_of(sender, copies) == list(range(first, first + copies))
    assert nonces_of(sender, 1) == [first + 8]


def test_a_submission_has_no_ninth_copy() -> None:
    with pytest.raises(SenderEnded, match="eight copies"):
        nonces_of(new_sender(), 9)


def test_two_submissions_at_the_same_time_share_no_nonce() -> None:
    sender, first = new_sender(), number(FIRST_NONCE)
    one, other = Sealer(sender), Sealer(sender)
    taken = [number(sealer.seal(b"text", key_of(ALICE)).nonce) for sealer in (one, other, one, other)]
    assert taken == [first, first + 8, first + 1, first + 9]


def test_a_static_sender_counts_one_by_one_as_proca_does() -> None:
    sender, first = new_sender(Mode.STATIC), number(FIRST_NONCE)
    assert nonces_of(sender, 1) + nonces_of(sender, 2) + nonces_of(sender, 1) == list(range(first, first + 4))


def test_the_last_nonce_is_used_once_and_then_the_counter_is_spent() -> None:
    counter = NonceCounter(b"\xff" * 24)
    assert counter.take(1) == [b"\xff" * 24]
    for _ in range(3):
        with pytest.raises(SenderEnded, match="used up"):
            counter.take(1)


def test_a_block_that_does_not_fit_takes_nothing() -> None:
    counter = NonceCounter((LAST - 2).to_bytes(24, "big"))
    with pytest.raises(SenderEnded):
        counter.take(4)
    assert [number(nonce) for nonce in counter.take(3)] == [LAST - 2, LAST - 1, LAST]


def test_the_last_block_of_a_session_reaches_the_last_nonce_and_no_zero_follows() -> None:
    sender = new_sender(first_nonce=(LAST - 7).to_bytes(24, "big"))
    assert nonces_of(sender, 8) == list(range(LAST - 7, LAST + 1))
    with pytest.raises(SenderEnded, match="used up"):
        Sealer(sender)


def test_a_static_sender_whose_last_nonce_is_used_begins_no_submission() -> None:
    sender = new_sender(Mode.STATIC, first_nonce=b"\xff" * 24)
    assert nonces_of(sender, 1) == [LAST]
    with pytest.raises(SenderEnded, match="used up"):
        Sealer(sender)


def test_sixteen_threads_take_8000_nonces_and_no_two_are_the_same() -> None:
    sender = new_sender(Mode.STATIC)
    taken: list[list[bytes]] = [[] for _ in range(16)]
    start = threading.Barrier(16)

    def take(mine: list[bytes]) -> None:
        start.wait()
        mine += [sender.take_one() for _ in range(500)]

    threads = [threading.Thread(target=take, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(number(nonce) for mine in taken for nonce in mine)
    assert numbers == list(range(number(FIRST_NONCE), number(FIRST_NONCE) + 8000))
