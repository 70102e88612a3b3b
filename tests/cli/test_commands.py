"""`--help` and short commands load what they use and no more; `test` starts pytest as the machine has room for it."""

import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from proca_web.cli import COMMANDS, main, quality


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").split("\n\n")[0].replace("\n", " ") == COMMANDS[name][1]


def test_a_command_that_is_not_there_is_told_so() -> None:
    assert main.get_command(click.Context(main), "nothing") is None


def loaded_by(code: str) -> set[str]:
    code = f"import sys; {code}; print(*{{module.partition('.')[0] for module in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_help_loads_neither_the_framework_nor_a_database() -> None:
    assert not loaded_by("from proca_web.cli import main; main(['--help'], standalone_mode=False)") & {
        "flask",
        "sqlalchemy",
        "huey",
    }


def test_a_command_without_queue_and_web_server_loads_neither() -> None:
    assert not loaded_by("from proca_web.cli.petitions import campaigns, orgs, pages") & {
        "huey",
        "redis",
        "psycopg",
        "waitress",
    }


def test_only_what_changes_a_schema_loads_migrations() -> None:
    assert not loaded_by(
        "from proca_web.cli import checking, demo, operate, processes; "
        "import proca_web.cli.petitions.pages, proca_web.cli.staff.users"
    ) & {
        "alembic",
        "flask_migrate",
        "mako",
    }


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
    CliRunner().invoke(main, ["test", "tests/cli/test_commands.py::test_a_part"])
    assert [arguments for arguments, _ in started] == [["tests/house"], ["tests/cli/test_commands.py::test_a_part"]]


def test_what_was_compiled_is_kept_whatever_the_environment_says(
    started: list[tuple[list[str], dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    CliRunner().invoke(main, ["test"])
    ((_, env),) = started
    assert env == {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
