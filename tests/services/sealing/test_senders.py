"""The senders of one process: row first, one at a time, replaced when it ends, and never the parent's after a fork."""

import gc
import itertools
import os
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from proca_web.crypto.boxes import certificate as certificates
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sender import Clock, Sender
from proca_web.crypto.errors import SenderEnded
from proca_web.crypto.keys.home import HomeKey
from proca_web.services.sealing import senders
from proca_web.services.sealing.senders import SenderSource
from tests.crypto.making import TwoClocks, in_child, key_of, new_home, number, opened
from tests.services.sealing.table import ORG, Rows, sealed


@pytest.fixture
def rows() -> Iterator[Rows]:
    made = Rows()
    yield made
    for source in made.sources:
        source.end()


@pytest.fixture
def home() -> HomeKey:
    return new_home()


def source_of(home: HomeKey, rows: Rows, mode: Mode = Mode.SESSION, clock: Clock | None = None) -> SenderSource:
    """The senders of a process that has just started."""
    source = SenderSource(home, mode, rows, clock or TwoClocks())
    rows.sources.append(source)
    return source


def draws(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """The next first nonces that chance gives."""
    given = iter(numbers)
    monkeypatch.setattr(secrets, "token_bytes", lambda size: next(given).to_bytes(size, "big"))


# Nonces


def test_the_first_nonce_is_drawn_at_the_start_and_the_first_sender_begins_with_it(
    monkeypatch: pytest.MonkeyPatch, home: HomeKey, rows: Rows
) -> None:
    draws(monkeypatch, 1000)
    source = source_of(home, rows)
    draws(monkeypatch)  # nothing more is drawn
    assert number(sealed(source).nonce) == 1000
    assert number(sealed(source).nonce) == 1008


def test_each_new_sender_draws_a_first_nonce_again(monkeypatch: pytest.MonkeyPatch, home: HomeKey, rows: Rows) -> None:
    draws(monkeypatch, 1000, 5000, 9000)
    source = source_of(home, rows)
    taken = []
    for _ in range(3):
        taken.append(number(sealed(source).nonce))
        source.end()
    assert taken == [1000, 5000, 9000]


@pytest.mark.parametrize("mode", list(Mode))
def test_after_the_last_nonce_a_new_sender_begins_and_not_at_zero(
    monkeypatch: pytest.MonkeyPatch, home: HomeKey, rows: Rows, mode: Mode
) -> None:
    copies = 1 if mode is Mode.STATIC else 8
    draws(monkeypatch, 2**192 - copies, 5000)
    source = source_of(home, rows, mode)
    with source.submission() as sealer:
        last = [sealer.seal(b"text", key_of(ORG)) for _ in range(copies)][-1]
    following = sealed(source)
    assert last.nonce == b"\xff" * 24
    assert number(following.nonce) == 5000
    assert last.sign_key_id != following.sign_key_id


def test_sixteen_threads_with_500_submissions_each_share_no_nonce_over_all_senders(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)
    taken: list[list[tuple[int, bytes]]] = [[] for _ in range(16)]
    start = threading.Barrier(16)

    def submit(mine: list[tuple[int, bytes]]) -> None:
        start.wait()
        for _ in range(500):
            with source.submission() as sealer:
                mine += [(sealer._row_id, nonce) for nonce in sealer._block]

    threads = [threading.Thread(target=submit, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pairs = [pair for mine in taken for pair in mine]
    assert len(set(pairs)) == len(pairs) == 16 * 500 * 8
    assert {row for row, _ in pairs} == set(range(1, 17))  # 512 submissions each
    for row, nonce in pairs[::97]:
        _certificate(home, rows, row).check_nonce(nonce)


def _certificate(home: HomeKey, rows: Rows, row: int) -> certificates.Certificate:
    return certificates.verify(
        rows.certificates[row], identity=home.identity, home_box=home.box_public, sign_key=rows.publics[row]
    )


def test_two_throwaways_at_the_same_moment_do_not_begin_with_the_same_nonce(home: HomeKey, rows: Rows) -> None:
    start = threading.Barrier(4)

    def submit(source: SenderSource, nonces: list[bytes]) -> None:
        start.wait()
        nonces.append(sealed(source).nonce)

    for _ in range(20):
        nonces: list[bytes] = []
        source = source_of(home, rows, Mode.THROWAWAY)
        threads = [threading.Thread(target=submit, args=(source, nonces)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(nonces)) == 4


# Row first


@pytest.mark.parametrize("mode", list(Mode))
def test_a_senders_row_is_there_before_its_first_seal(home: HomeKey, rows: Rows, mode: Mode) -> None:
    seen: list[int | None] = []
    rows.before = lambda sender: seen.append(sender.row_id)
    copy = sealed(source_of(home, rows, mode))
    assert seen == [None]
    assert copy.sign_key_id == 1
    assert opened(copy.payload, copy.nonce, rows.publics[1], ORG) == b"text"
    assert _certificate(home, rows, 1).mode is mode


@pytest.mark.parametrize("mode", list(Mode))
def test_when_the_row_cannot_be_written_there_is_no_sender_and_its_key_is_wiped(
    home: HomeKey, rows: Rows, mode: Mode
) -> None:
    failed: list[Sender] = []

    def fail(sender: Sender) -> None:
        failed.append(sender)
        raise ConnectionError("the database is away")

    source = source_of(home, rows, mode)
    rows.before = fail
    with pytest.raises(ConnectionError):
        sealed(source)
    (sender,) = failed
    assert sender.ended
    assert sender._secret.is_wiped is (mode is not Mode.STATIC)
    assert source._sender is None
    rows.before = lambda sender: None
    assert sealed(source).sign_key_id == 1


def test_the_next_submission_uses_the_same_sender(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)
    assert {sealed(source).sign_key_id for _ in range(10)} == {1}
    assert len(rows.senders) == 1


# What ends a sender, and what follows


def _too_old(source: SenderSource, clock: TwoClocks) -> None:
    clock.forward(900)


def _clock_jumped(source: SenderSource, clock: TwoClocks) -> None:
    clock.jump(3600)


def _clock_jumped_back(source: SenderSource, clock: TwoClocks) -> None:
    clock.jump(-3600)


def _used_up(source: SenderSource, clock: TwoClocks) -> None:
    for _ in range(511):
        with source.submission():
            pass


def _ended(source: SenderSource, clock: TwoClocks) -> None:
    source.end()


def _ended_by_a_submission(source: SenderSource, clock: TwoClocks) -> None:
    with source.submission() as sealer:
        sealer.end_sender()


@pytest.mark.parametrize(
    "spend", [_too_old, _clock_jumped, _clock_jumped_back, _used_up, _ended, _ended_by_a_submission]
)
def test_a_sender_whose_time_is_over_is_wiped_and_a_new_one_seals(
    home: HomeKey, rows: Rows, spend: Callable[[SenderSource, TwoClocks], None]
) -> None:
    clock = TwoClocks()
    source = source_of(home, rows, clock=clock)
    assert sealed(source).sign_key_id == 1
    spend(source, clock)
    copy = sealed(source)
    assert copy.sign_key_id == 2
    assert rows.senders[0].ended
    assert rows.senders[0]._secret.is_wiped
    assert opened(copy.payload, copy.nonce, rows.publics[2], ORG) == b"text"


def test_an_idle_sender_is_ended_by_its_timer(home: HomeKey, rows: Rows) -> None:
    clock = TwoClocks()
    rows.before = lambda sender: clock.forward(899.95)  # the row takes its time: a twentieth of a second is left
    source = source_of(home, rows, clock=clock)
    source._open(Mode.SESSION)
    (sender,) = rows.senders
    assert not sender.ended
    _until(lambda: sender._secret.is_wiped)
    assert sender.ended


def test_the_timer_ends_an_idle_sender_also_when_the_wall_clock_was_set_back(home: HomeKey, rows: Rows) -> None:
    clock = TwoClocks()
    rows.before = lambda sender: clock.forward(899.95)
    source = source_of(home, rows, clock=clock)
    source._open(Mode.SESSION)
    clock.jump(-86400)
    _until(lambda: rows.senders[0]._secret.is_wiped)


def _until(done: Callable[[], bool]) -> None:
    """Wait two seconds at most."""
    deadline = time.monotonic() + 2
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_a_sender_that_ended_leaves_no_timer_behind(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)
    sealed(source)
    timer = source._timer
    assert timer is not None
    assert timer.daemon
    source.end()
    timer.join(2)
    assert not timer.is_alive()


@pytest.mark.parametrize("mode", [Mode.STATIC, Mode.THROWAWAY])
def test_only_a_session_needs_a_timer(home: HomeKey, rows: Rows, mode: Mode) -> None:
    source = source_of(home, rows, mode)
    sealed(source)
    assert source._timer is None


def test_making_a_source_starts_no_thread_and_opens_no_sender(home: HomeKey, rows: Rows) -> None:
    before = threading.active_count()
    source = source_of(home, rows)
    assert threading.active_count() == before
    assert source._sender is None
    assert rows.senders == []


# Throwaway


@pytest.mark.parametrize("mode", list(Mode))
def test_a_forced_throwaway_has_a_sender_of_its_own_that_is_wiped_after_it(
    home: HomeKey, rows: Rows, mode: Mode
) -> None:
    source = source_of(home, rows, mode)
    with source.submission(throwaway=True) as sealer:
        copies = [sealer.seal(b"text", key_of(ORG)) for _ in range(2)]
        assert not rows.senders[0].ended
    (sender,) = rows.senders
    assert sender.mode is Mode.THROWAWAY
    assert sender._secret.is_wiped
    assert [opened(copy.payload, copy.nonce, sender.public, ORG) for copy in copies] == [b"text", b"text"]


def test_a_throwaway_is_wiped_also_when_its_submission_fails(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows, Mode.THROWAWAY)
    with pytest.raises(ZeroDivisionError), source.submission():
        raise ZeroDivisionError
    assert rows.senders[0]._secret.is_wiped


def test_a_forced_throwaway_leaves_the_running_session_alone(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)
    rows_used = [sealed(source, throwaway=throwaway).sign_key_id for throwaway in (False, True, False, True)]
    assert rows_used == [1, 2, 1, 3]


def test_in_throwaway_mode_no_two_submissions_share_a_sender(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows, Mode.THROWAWAY)
    assert [sealed(source).sign_key_id for _ in range(3)] == [1, 2, 3]


# Who can still open


def test_the_holder_of_a_row_is_known_while_it_lives(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)
    row = sealed(source).sign_key_id
    assert source.holder_of(row) is rows.senders[0]
    assert source.holder_of(row + 1) is None
    source.end()
    assert source.holder_of(row) is None


def test_the_fork_hook_keeps_no_source_alive(home: HomeKey, rows: Rows) -> None:
    source = SenderSource(home, Mode.SESSION, rows)
    known = weakref.ref(source)
    del source
    gc.collect()
    assert known() is None


# Forks


def child_seals(source: SenderSource, rows: Rows) -> dict[str, str]:
    """What a submission in a forked child gives."""
    copy = sealed(source)
    return {
        "nonce": copy.nonce.hex(),
        "payload": copy.payload.hex(),
        "public": rows.publics[copy.sign_key_id].hex(),
        "certificate": rows.certificates[copy.sign_key_id].hex(),
    }


def check_child(home: HomeKey, told: dict[str, str], parent: Sender) -> None:
    """A child's copy is its own sender's, certified by the Home identity, and opens."""
    values = {name: bytes.fromhex(value) for name, value in told.items()}
    assert values["public"] != parent.public or parent.mode is Mode.STATIC
    assert opened(values["payload"], values["nonce"], values["public"], ORG) == b"text"
    certificate = certificates.verify(
        values["certificate"], identity=home.identity, home_box=home.box_public, sign_key=values["public"]
    )
    certificate.check_nonce(values["nonce"])
    assert abs(number(certificate.first_nonce) - number(parent._counter.first)) > 2**64


@pytest.mark.parametrize("mode", list(Mode))
def test_a_forked_child_seals_with_a_sender_of_its_own(home: HomeKey, rows: Rows, mode: Mode) -> None:
    source = source_of(home, rows, mode)
    sealed(source)
    (parent,) = rows.senders
    children = [in_child(lambda: child_seals(source, rows)) for _ in range(3)]
    for told in children:
        check_child(home, told, parent)
    assert len({told["nonce"] for told in children}) == 3
    copy = sealed(source)
    assert opened(copy.payload, copy.nonce, rows.publics[copy.sign_key_id], ORG) == b"text"
    assert copy.sign_key_id == (1 if mode is not Mode.THROWAWAY else 2)


def test_an_inherited_sender_is_wiped_as_soon_as_the_child_begins(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)
    sealed(source)
    (parent,) = rows.senders
    assert in_child(lambda: [source._sender is None, parent.ended, parent._secret.is_wiped]) == [True, True, True]
    assert source._sender is parent


def test_children_of_a_process_that_never_sealed_draw_first_nonces_of_their_own(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)
    nonces = [in_child(lambda: child_seals(source, rows))["nonce"] for _ in range(3)]
    nonces.append(sealed(source).nonce.hex())
    assert len(set(nonces)) == 4
    assert min(abs(int(one, 16) - int(other, 16)) for one, other in itertools.combinations(nonces, 2)) > 2**64


@pytest.mark.parametrize("hooked", [True, False], ids=["with the fork hook", "with the pid check alone"])
def test_a_child_seals_although_both_locks_were_held_when_it_was_forked(
    monkeypatch: pytest.MonkeyPatch, home: HomeKey, rows: Rows, hooked: bool
) -> None:
    source = source_of(home, rows)
    sealed(source)
    (parent,) = rows.senders
    if not hooked:
        monkeypatch.setattr(senders, "_alive", weakref.WeakSet())
    with source._lock, parent._state:
        told = in_child(lambda: child_seals(source, rows))
    check_child(home, told, parent)
    assert sealed(source).sign_key_id == 1


@pytest.mark.parametrize("hooked", [True, False], ids=["with the fork hook", "with the pid check alone"])
def test_a_child_may_end_its_senders_although_the_lock_was_held(
    monkeypatch: pytest.MonkeyPatch, home: HomeKey, rows: Rows, hooked: bool
) -> None:
    source = source_of(home, rows)
    sealed(source)
    if not hooked:
        monkeypatch.setattr(senders, "_alive", weakref.WeakSet())
    with source._lock, rows.senders[0]._state:
        assert in_child(lambda: end_there(source, rows)) is True
    assert not rows.senders[0].ended


def end_there(source: SenderSource, rows: Rows) -> bool:
    """End in the child; whether the inherited secret is gone then."""
    source.end()
    return rows.senders[0]._secret.is_wiped


def test_a_child_of_a_thread_that_is_sealing_is_not_stuck(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)
    sealed(source)
    stop = threading.Event()

    def submit_on() -> None:
        while not stop.is_set():
            sealed(source)

    busy = threading.Thread(target=submit_on)
    busy.start()
    try:
        for _ in range(5):
            check_child(home, in_child(lambda: child_seals(source, rows)), rows.senders[0])
    finally:
        stop.set()
        busy.join()
    assert os.getpid() == source._pid


def test_the_parents_sealer_is_of_no_use_in_a_child(home: HomeKey, rows: Rows) -> None:
    source = source_of(home, rows)

    def refused() -> str:
        with pytest.raises(SenderEnded) as ended:
            sealer.seal(b"text", key_of(ORG))
        return str(ended.value)

    with source.submission() as sealer:
        assert in_child(refused) == "this sender belongs to another process"
        assert sealer.seal(b"text", key_of(ORG))
