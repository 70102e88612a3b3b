"""The guard's file: appended by several processes, torn by a crash, damaged by a disk; never believed half."""

import base64
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from proca_web.domain.errors import GuardDamaged
from proca_web.services.sealing.guard import Guard, Line
from tests.key_holder import b64

FINGERPRINT = "7TMA-05X5-M26A-SSAN-WXT3-9NH1-92CT-3Y0J"


def line(position: int, event: str = "activate", fingerprint: str = FINGERPRINT) -> Line:
    """What is remembered of an entry; its hash is the place, 32 times."""
    return Line(position, bytes([position % 256]) * 32, event, fingerprint)


def remember(guard: Guard, number: int) -> None:
    guard.append([line(position) for position in range(number)])


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    """The guard of a keyring that was just made."""
    return Guard(tmp_path / "guard")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "guard" / "key-log"


def test_before_the_first_entry_nothing_is_remembered_and_nothing_is_made(guard: Guard, file: Path) -> None:
    memory = guard.memory()
    assert (memory.lines, memory.ended, memory.last_hash) == ((), frozenset(), bytes(32))
    assert not file.parent.exists()


def test_what_was_appended_is_remembered_in_its_order(guard: Guard) -> None:
    guard.append([line(0, "home", ""), line(1)])
    guard.append([line(2, "revoke")])
    memory = guard.memory()
    assert memory.lines == (line(0, "home", ""), line(1), line(2, "revoke"))
    assert memory.last_hash == b"\x02" * 32


def test_a_line_is_place_hash_event_and_fingerprint(guard: Guard, file: Path) -> None:
    guard.append([line(0, "home", ""), line(1)])
    first, second = f"0 {b64(bytes(32))} home -", f"1 {b64(bytes([1]) * 32)} activate {FINGERPRINT}"
    assert file.read_text("ascii") == f"{first}\n{second}\n"


@pytest.mark.parametrize(
    ("event", "ends"), [("retire", True), ("revoke", True), ("activate", False), ("expire", False), ("home", False)]
)
def test_only_a_retired_or_revoked_key_has_ended(guard: Guard, event: str, ends: bool) -> None:
    guard.append([line(0, "home", ""), line(1), line(2, event)])
    assert guard.memory().ended == ({FINGERPRINT} if ends else set())


def test_only_its_owner_reads_the_file(guard: Guard, file: Path) -> None:
    remember(guard, 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_entries_that_are_known_already_are_not_written_twice(guard: Guard, file: Path) -> None:
    remember(guard, 2)
    before = file.read_bytes()
    remember(guard, 2)
    assert file.read_bytes() == before
    remember(guard, 3)
    assert file.read_bytes().startswith(before)
    assert len(guard.memory().lines) == 3


def test_what_another_process_appended_is_read_at_the_next_look(guard: Guard, file: Path) -> None:
    other = Guard(file.parent)
    remember(guard, 1)
    assert len(other.memory().lines) == 1
    guard.append([line(1, "revoke")])
    assert other.memory().ended == {FINGERPRINT}
    file.unlink()
    assert other.memory().lines == ()


def test_a_file_that_did_not_change_is_read_once(guard: Guard, file: Path) -> None:
    remember(guard, 3)
    assert guard.memory() is guard.memory()
    remember(guard, 4)
    assert len(guard.memory().lines) == 4


def test_many_appenders_at_once_write_each_line_once(file: Path) -> None:
    start = threading.Barrier(6)

    def append(_: int) -> None:
        mine = Guard(file.parent)
        start.wait()
        for number in range(5, 61, 5):
            remember(mine, number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(append, range(6)))
    assert [int(text.split(" ")[0]) for text in file.read_text("ascii").splitlines()] == list(range(60))


@pytest.mark.parametrize("kept", [1, 20, 60, -1])
def test_a_torn_last_line_is_not_believed_and_mended_by_the_next_append(guard: Guard, file: Path, kept: int) -> None:
    remember(guard, 2)
    whole = file.read_bytes()
    file.write_bytes(whole + str(line(2, "revoke")).encode()[:kept])
    assert guard.memory().lines == (line(0), line(1))
    assert guard.memory().ended == set()
    guard.append([line(2, "revoke"), line(3)])
    assert file.read_bytes() == whole + str(line(2, "revoke")).encode() + str(line(3)).encode()
    assert Guard(file.parent).memory().ended == {FINGERPRINT}


def test_a_file_that_holds_nothing_but_a_torn_line_begins_anew(guard: Guard, file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"0 AAAA")
    assert guard.memory().lines == ()
    remember(guard, 1)
    assert guard.memory().lines == (line(0),)


GOOD = str(line(1)).encode()
DAMAGED = {
    "another hash alphabet": GOOD.replace(b64(b"\x01" * 32).encode(), base64.b64encode(b"\xff" * 32)),
    "a short hash": GOOD.replace(b"AQEB", b"", 1),
    "no number": GOOD.replace(b"1 ", b"one ", 1),
    "a word too few": GOOD.replace(b" activate", b""),
    "a word too many": GOOD.replace(b"activate", b"activate it"),
    "an empty line": b"\n",
    "zeros": b"\x00" * 40 + b"\n",
    "not a letter": b"\xff\xfe\n",
}


@pytest.mark.parametrize("damage", list(DAMAGED.values()), ids=list(DAMAGED))
def test_a_damaged_line_is_named_with_its_cure_and_nothing_is_written(guard: Guard, file: Path, damage: bytes) -> None:
    remember(guard, 3)
    first, _, third = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + damage + third + b"3 torn")
    before = file.read_bytes()
    for act in (guard.memory, lambda: remember(guard, 4)):
        with pytest.raises(GuardDamaged, match=r"^line 2 of the guard's key-log is damaged; restore the keyring$"):
            act()
    assert file.read_bytes() == before


@pytest.mark.parametrize("order", [(0, 2), (1, 0), (0, 0), (1,)])
def test_a_line_out_of_place_is_named_with_its_cure(guard: Guard, file: Path, order: tuple[int, ...]) -> None:
    file.parent.mkdir()
    file.write_text("".join(str(line(position)) for position in order))
    for act in (guard.memory, lambda: remember(guard, 3)):
        with pytest.raises(GuardDamaged, match=r"of the guard's key-log is out of place; restore the keyring$"):
            act()


def test_a_mended_file_is_believed_again(guard: Guard, file: Path) -> None:
    remember(guard, 2)
    good = file.read_bytes()
    file.write_bytes(good.replace(b" activate", b"", 1))
    with pytest.raises(GuardDamaged):
        guard.memory()
    file.write_bytes(good)
    assert guard.memory().lines == (line(0), line(1))
