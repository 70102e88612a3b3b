"""However a command ends, it ends with a sentence and its exit code, and with nothing of what it held."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import Result

from proca_web.org_tool.commands import ending
from proca_web.org_tool.commands.ending import Terminated
from proca_web.org_tool.keys import key_files

Command = Callable[..., Result]


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """From now on whoever loads a key file meets this."""

    def fail(*_: Any) -> NoReturn:
        raise error

    monkeypatch.setattr(key_files, "load", fail)


@pytest.mark.parametrize(
    ("error", "exit_code", "sentence"),
    [
        (KeyboardInterrupt(), 130, "interrupted; no file was written."),
        (Terminated(signal.SIGTERM), 143, "ended by the system; no file was written."),
        (OSError(28, "No space left on device", "/a/place"), 1, "/a/place: No space left on device."),
        (OSError("Zofia"), 1, "the system refused."),
        (ZeroDivisionError("Zofia"), 1, "a fault of this program (ZeroDivisionError); please report it."),
    ],
    ids=["Ctrl-C", "SIGTERM", "a full disk", "an unknown refusal", "a fault"],
)
def test_a_command_ends_with_one_sentence_that_shows_nothing(
    proca_org: Command,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    exit_code: int,
    sentence: str,
) -> None:
    failing(monkeypatch, error)
    result = proca_org("show", key_file)
    assert (result.exit_code, result.output) == (exit_code, f"proca-org: {sentence}\n")


def test_a_reader_that_went_away_is_told_nothing_and_standard_output_is_forgotten(
    proca_org: Command, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[bool] = []
    monkeypatch.setattr(ending, "_forget_stdout", lambda: forgotten.append(True))
    failing(monkeypatch, BrokenPipeError())
    result = proca_org("show", key_file)
    assert (result.exit_code, result.output, forgotten) == (1, "", [True])


def test_a_command_hears_the_system_while_it_runs_and_no_longer(
    proca_org: Command, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = signal.getsignal(signal.SIGTERM), key_files.load

    def ask(path: Path) -> dict[str, Any]:
        signal.raise_signal(signal.SIGTERM)
        return real(path)

    monkeypatch.setattr(key_files, "load", ask)
    assert proca_org("show", key_file).exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_program_that_embeds_the_tool_hears_signals_itself(
    proca_org: Command, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    before, real = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number)), key_files.load

    def ask(path: Path) -> dict[str, Any]:
        signal.raise_signal(signal.SIGTERM)
        return real(path)

    monkeypatch.setattr(key_files, "load", ask)
    try:
        assert proca_org("show", key_file).exit_code == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_a_file_name_is_printed_as_its_bytes_and_a_letter_the_terminal_lacks_by_its_number(
    proca_org: Command, key_file: Path
) -> None:
    assert proca_org("show", key_file).exit_code == 0
    assert "caf\udce9 \u017c".encode("ascii", "proca-words") == b"caf\xe9 \\u017c"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "proca-words")
