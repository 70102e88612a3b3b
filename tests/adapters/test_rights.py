"""Files of somebody else: each command says whose they are and who must run it, and is not in the way later."""

import os
import pwd
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click import Context
from click.testing import CliRunner

from proca_web import config
from proca_web.adapters.files import rights
from proca_web.cli import main
from proca_web.crypto.keys.home import write_new_home_key
from proca_web.services.sealing.keyring import Keyring
from tests.crypto.making import in_child

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

NOBODY, STRANGER = pwd.getpwnam("nobody").pw_uid, 12345


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where data will be; every folder above it lets everybody through."""
    above = [tmp_path, *tmp_path.parents[:3]]
    before = [each.stat().st_mode for each in above]
    for each in above:
        each.chmod(each.stat().st_mode | 0o011)
    yield tmp_path / "data"
    for each, mode in zip(above, before, strict=True):
        each.chmod(mode)


@pytest.fixture
def made(folder: Path, sqlite_template: Path) -> Path:
    """An instance's files, root's."""
    folder.mkdir(mode=0o700)
    write_new_home_key(folder / "home.key")
    Keyring(folder / "keyring").prepare()
    (folder / "proca.db").write_bytes(sqlite_template.read_bytes())
    return folder


def give(folder: Path, owner: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, -1)


def as_user(uid: int, act: Callable[[], Any]) -> Any:
    def become() -> Any:
        os.setegid(NOBODY)
        os.setgroups([])
        os.seteuid(uid)
        return act()

    return in_child(become)


def run(uid: int, folder: Path, *arguments: str) -> str:
    """What a command of that user said, which must fail without a traceback."""
    env = {
        "PROCA_DATA_DIR": str(folder),
        "PROCA_SECRET_KEY": "tests only " * 4,
        "PROCA_PUBLIC_URL": "http://localhost",
        "PROCA_MAIL_SERVER": "localhost",
        "PROCA_MAIL_FROM": "petitions@example.org",
    }

    main.get_command(Context(main), arguments[0])  # loaded while we may read the packages

    def act() -> list[object]:
        done = CliRunner().invoke(main, arguments, env=env)
        return [done.exit_code, type(done.exception).__name__, done.output]

    code, exception, output = as_user(uid, act)
    assert (code, exception) in ((1, "SystemExit"), (2, "SystemExit")), output
    assert isinstance(output, str)
    for wrong in ("run: python3 -m proca_web init", "Traceback", "chmod"):
        assert wrong not in output
    return output


COMMANDS = (("check",), ("org", "list"), ("init", "--email", "operator@example.org"), ("upgrade",), ("sweep",))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_root_has_made_and_the_service_cannot_use_is_given_over(made: Path, command: tuple[str, ...]) -> None:
    said = run(NOBODY, made, *command)
    assert f"nobody may not read and write {made}, which belongs to root" in said
    assert f"if nobody is who runs the service, run as root: chown -R nobody {made}; else" in said


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_files_of_another_user_are_named_with_whom_to_run_the_command_as(made: Path, command: tuple[str, ...]) -> None:
    give(made, STRANGER)
    said = run(NOBODY, made, *command)
    assert f"nobody may not read and write {made}, which belongs to user 12345" in said
    assert "run the command as that user: sudo -u '#12345' python3 -m proca_web" in said


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_root_is_sent_to_the_user_of_the_service(made: Path, command: tuple[str, ...]) -> None:
    give(made, NOBODY)
    said = run(0, made, *command)
    assert f"{made}/home.key belongs to nobody" in said
    assert "sudo -u nobody python3 -m proca_web" in said


@pytest.mark.parametrize("name", ["proca.db", "keyring", "keyring/worker", "home.key"])
def test_each_single_file_that_a_command_of_root_left_behind_is_named(made: Path, name: str) -> None:
    give(made, NOBODY)
    os.chown(made / name, 0, 0)
    (made / name).chmod(0o700 if (made / name).is_dir() else 0o600)
    said = run(NOBODY, made, "check")
    assert f"{made / name}, which belongs to root" in said
    assert f" nobody {made / name};" in said


def test_what_its_user_owns_is_used(made: Path) -> None:
    give(made, NOBODY)
    settings, _ = config.read({"PROCA_DATA_DIR": str(made)})
    assert as_user(NOBODY, lambda: rights.faults(settings)) == []
    assert as_user(NOBODY, lambda: rights.faults(settings, making=True)) == []


def test_init_of_root_makes_nothing_in_a_folder_that_was_prepared_for_the_service(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    give(folder, NOBODY)
    said = run(0, folder, "init", "--email", "operator@example.org")
    assert f"{folder} is for nobody, who could not use what root makes in it" in said
    assert list(folder.iterdir()) == []


def test_init_says_where_it_may_not_make_the_folder(folder: Path) -> None:
    said = run(NOBODY, folder / "deeper", "init", "--email", "operator@example.org")
    assert f"nobody may not make anything in {folder.parent}, which belongs to root" in said
    assert "chown" not in said


def test_a_folder_above_is_never_given_away(made: Path) -> None:
    give(made, NOBODY)
    made.parent.chmod(0o700)
    said = run(NOBODY, made, "check")
    assert f"nobody may not look into {made.parent}, which belongs to root" in said
    assert "chown" not in said


def test_a_folder_in_which_nothing_is_used_may_be_anybodys(made: Path) -> None:
    (made / "proca.db").unlink()
    give(made, NOBODY)
    os.chown(made, 0, 0)
    made.chmod(0o755)
    elsewhere = {"PROCA_DATABASE_URL": "postgresql://db/proca", "PROCA_QUEUE_URL": "redis://queue/0"}
    settings, _ = config.read({"PROCA_DATA_DIR": str(made), **elsewhere})
    assert as_user(NOBODY, lambda: rights.faults(settings)) == []
