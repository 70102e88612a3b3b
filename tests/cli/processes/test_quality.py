"""How `test` starts pytest: side by side for all, in one process for a part, and with what was compiled kept."""

import os

import pytest
from click.testing import CliRunner

from proca_web.cli import main, quality


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """What would have been started in this process's place: its arguments and environment."""
    found: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(quality.os, "execve", lambda _python, command, env: found.append((command[3:], env)))
    monkeypatch.chdir(os.getcwd())
    return found


@pytest.mark.parametrize(("processors", "workers"), [(1, "2"), (2, "3"), (3, "4"), (64, "4")])
def test_all_tests_have_one_worker_more_than_processors_and_never_many(
    started: list[tuple[list[str], dict[str, str]]], monkeypatch: pytest.MonkeyPatch, processors: int, workers: str
) -> None:
    monkeypatch.setattr(quality.os, "sched_getaffinity", lambda _process: set(range(processors)), raising=False)
    assert CliRunner().invoke(main, ["test", "-q"]).exit_code == 0
    ((arguments, _),) = started
    assert arguments == ["--numprocesses", workers, "--dist", "worksteal", "-q"]


def test_a_part_of_the_tests_has_one_process(started: list[tuple[list[str], dict[str, str]]]) -> None:
    CliRunner().invoke(main, ["test", "tests/house"])
    CliRunner().invoke(main, ["test", "tests/cli/processes/test_quality.py::test_a_part"])
    assert [arguments for arguments, _ in started] == [["tests/house"], ["tests/cli/processes/test_quality.py::test_a_part"]]


def test_what_was_compiled_is_kept_whatever_the_environment_says(
    started: list[tuple[list[str], dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    CliRunner().invoke(main, ["test"])
    ((_, env),) = started
    assert env == {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
