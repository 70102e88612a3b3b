"""`proca-org decrypt` as people meet it: at a terminal, interrupted, and in front of a pipe that closes."""

import fcntl
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.org_tool.export_maker import csv_text
from tests.org_tool.terminal import COMMAND, at_a_terminal

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk

PASSPHRASE = "a passphrase of tests"


def test_at_a_terminal_the_passphrase_is_asked_for_and_not_shown(desk: "Desk", key_file: Path) -> None:
    out = desk.folder / "out.csv"
    arguments = ("decrypt", _export(desk), "--key", key_file, "-o", out)
    exit_code, screen = at_a_terminal(*arguments, typed=f"{PASSPHRASE}\n".encode())
    assert exit_code == 0
    assert f"Passphrase of {key_file}" in screen
    assert PASSPHRASE not in screen
    assert "Zofia" in out.read_text()


def test_the_terminal_is_asked_though_the_export_comes_through_a_pipe(desk: "Desk", key_file: Path) -> None:
    out = desk.folder / "out.csv"
    arguments = ("decrypt", "-", "--key", key_file, "-o", out)
    exit_code, screen = at_a_terminal(*arguments, typed=f"{PASSPHRASE}\n".encode(), stdin=_export(desk))
    assert exit_code == 0, screen
    assert PASSPHRASE not in screen
    assert "Zofia" in out.read_text()


def test_without_any_terminal_nobody_is_asked(desk: "Desk", key_file: Path) -> None:
    command = [*COMMAND, "decrypt", "-", "--key", str(key_file)]
    with _export(desk).open("rb") as export:
        done = subprocess.run(command, stdin=export, capture_output=True, start_new_session=True, check=False)
    assert done.returncode == 2
    assert b"--passphrase-file" in done.stderr


def test_a_killed_run_leaves_nothing_that_can_be_read(desk: "Desk") -> None:
    with _slow_run(desk, "-o", desk.folder / "out.csv") as process:
        time.sleep(1)
        process.kill()
        process.communicate(timeout=20)
    assert sorted(path.name for path in desk.folder.iterdir()) == ["keystore.json"]


def test_a_draft_that_a_killed_run_left_is_named_and_removed(desk: "Desk") -> None:
    dead, other = desk.folder / ".out.csv.0a1b2c3d.part", desk.folder / ".out.csv.mine.part"
    alive = desk.folder / ".out.csv.00000000.part"
    for path in (dead, other, alive):
        path.write_text("Zofia")
    with alive.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = desk.run("decrypt", _export(desk), *desk.trusted, "-o", desk.folder / "out.csv")
    assert done.exit_code == 0
    assert f"{dead}: left behind by a run that was killed" in done.stderr
    assert [path.exists() for path in (dead, other, alive)] == [False, True, True]
    assert str(alive) not in done.stderr


@pytest.mark.parametrize("place", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_our_own_streams_are_written_to_directly(desk: "Desk", place: str, kind: str) -> None:
    command = [*COMMAND, "decrypt", str(_export(desk)), *map(str, desk.trusted), "-o", place]
    target = desk.folder / "target"
    if kind == "file":
        target.write_text("before\n")
        with target.open("ab") as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False)
        written = target.read_text().removeprefix("before\n")
    else:
        done = subprocess.run(command, capture_output=True, check=False)
        written = done.stdout.decode()
    assert (done.returncode, written[:10]) == (0, "action_id,"), done.stderr
    assert "Zofia" in written


def test_a_shells_process_substitution_is_written_to(desk: "Desk") -> None:
    words = [*COMMAND, "decrypt", str(_export(desk)), *map(str, desk.trusted)]
    script = f"{shlex.join(words)} -o >(cat > {desk.folder}/taken); wait $!; sleep 0.5"
    assert subprocess.run(["bash", "-c", script], capture_output=True, check=False).returncode == 0
    assert "Zofia" in (desk.folder / "taken").read_text()


def test_at_a_terminal_a_bar_shows_how_far_it_is(desk: "Desk") -> None:
    arguments = ("decrypt", _export(desk), *desk.trusted, "-o", desk.folder / "out.csv")
    exit_code, screen = at_a_terminal(*arguments, typed=b"")
    assert exit_code == 0
    assert "Opening" in screen
    assert "100%" in screen


def _slow_run(desk: "Desk", *arguments: object) -> subprocess.Popen[bytes]:
    """A run that waits for the rest of its input, one good row and one that is cut read already."""
    command = [*COMMAND, "decrypt", "-", *map(str, desk.trusted), *map(str, arguments)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 -- no threads yet
    )
    assert process.stdin is not None
    process.stdin.write(csv_text([desk.maker.row(1)]).encode() + b"cut\r\n")
    process.stdin.flush()
    return process


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_no_file_and_says_so(desk: "Desk", number: int, exit_code: int) -> None:
    reasons = desk.folder / "reasons"
    os.mkfifo(reasons)
    with (
        _slow_run(desk, "-o", desk.folder / "out.csv", "--quarantine", reasons) as process,
        reasons.open("rb"),  # opens when the run opens its end of it, to set the second row aside
    ):
        process.send_signal(number)
        _, said = process.communicate(timeout=20)  # its input ends, so that no read outlasts the signal
    assert process.returncode == exit_code
    assert b"no file was written" in said
    assert b"Traceback" not in said
    assert sorted(path.name for path in desk.folder.iterdir()) == ["keystore.json", "reasons"]


def test_a_reader_that_goes_away_is_no_reason_to_complain(desk: "Desk") -> None:
    export = desk.folder / "export.csv"
    export.write_text(csv_text([desk.maker.row(seq) for seq in range(1, 600)]), newline="")
    command = [*COMMAND, "decrypt", str(export), *map(str, desk.trusted)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"action_id,")
        process.stdout.close()
        assert process.stderr.read() == b""


def _export(desk: "Desk") -> Path:
    path = desk.folder / "export.csv"
    path.write_text(csv_text([desk.maker.row(1)]), newline="")
    return path


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "koi8-r"])
def test_a_terminal_with_few_characters_gets_every_word(encoding: str, desk: "Desk") -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PROCA_ORG_PASSPHRASE": PASSPHRASE}

    def run(*arguments: object) -> tuple[int, str, str]:
        done = subprocess.run([*COMMAND, *map(str, arguments)], env=env, capture_output=True, check=False)
        assert b"Traceback" not in done.stderr
        shown = "utf-8" if encoding == "ascii" else encoding  # click holds ASCII for a setting that somebody forgot
        return done.returncode, done.stdout.decode(shown, "replace"), done.stderr.decode(shown, "replace")

    folder = desk.folder / "klucze Żółć ключи €"
    folder.mkdir()
    code, made, _ = run("keygen", "--org", "org-one", "--out", folder / "key.json")
    assert code == 0
    assert (folder / "key.json").is_file()
    words = dict(line.split(": ", 1) for line in made.splitlines())
    assert {"public", "sign-public", "fingerprint"} <= set(words)
    code, shown, _ = run("show", folder / "key.json")
    assert (code, words["fingerprint"] in shown) == (0, True)
    code, _, refused = run("keygen", "--org", "org-one", "--out", folder / "key.json")
    assert code == 2
    assert "exists already and is not overwritten" in refused
    code, helped, _ = run("watch", "--help")
    assert (code, f"https://{'…' if encoding == 'ascii' else '...'}" in helped) == (0, True)
    people = folder / "people.csv"
    code, _, told = run("decrypt", _export(desk), *desk.trusted, "-o", people)
    assert (code, "opened" in told, "Zofia" in people.read_text("utf-8")) == (0, True, True)
