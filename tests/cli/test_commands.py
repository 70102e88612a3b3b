"""`--help` and short commands load what they use and no more."""

import subprocess
import sys

import click
import pytest

from proca_web.cli import COMMANDS, main


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
    assert not loaded_by("from proca_web.cli import manage") & {"huey", "redis", "psycopg", "waitress"}


def test_only_what_changes_a_schema_loads_migrations() -> None:
    assert not loaded_by("from proca_web.cli import checking, demo, manage, operate, people, processes") & {
        "alembic",
        "flask_migrate",
        "mako",
    }
