"""A file of settings means the same to a shell, to Docker and to systemd, whatever the values hold."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from proca_web import config
from proca_web.cli import env_file

PLAIN = {"PROCA_DEMO": "1", "PROCA_PUBLIC_URL": "http://127.0.0.1:5000", "PROCA_SECRET_KEY": "0aZ_-" * 8}
ODD = ("pa$$word #1", "'quoted'", '"', "back\\slash", "~/home", "two words", "`id`", "a;b&c", "line\nend", "Schlüssel")


def of_a_shell(file: Path) -> dict[str, str]:
    """What `set -a; . FILE; set +a` hands to a process."""
    script = 'set -a; . "$0"; env -0'
    done = subprocess.run(["sh", "-c", script, str(file)], env={"PATH": os.defpath}, capture_output=True, check=True)
    pairs = (pair.decode().split("=", 1) for pair in done.stdout.split(b"\0") if pair)
    return {name: value for name, value in pairs if name.startswith("PROCA_")}


def of_docker(file: Path) -> dict[str, str]:
    """What `--env-file` hands over: each line as it is."""
    return dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())


@pytest.mark.parametrize("odd", ODD)
def test_every_reader_finds_the_value_that_was_written(tmp_path: Path, odd: str) -> None:
    file = tmp_path / "demo.env"
    assert env_file.write(file, {**PLAIN, "PROCA_MAIL_USERNAME": "x", "PROCA_MAIL_PASSWORD": odd}) == []
    assert of_a_shell(file) == of_docker(file)
    settings, faults = config.read(of_docker(file))
    assert (faults, settings.mail.password, settings.secret_key) == ([], odd, PLAIN["PROCA_SECRET_KEY"])
    assert env_file.value_of(file, "PROCA_MAIL_PASSWORD") == odd
    for written in (file, *(tmp_path / "demo.env.d").iterdir()):
        assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_where_the_folder_itself_has_an_odd_name_the_settings_are_named_that_are_not_alike(tmp_path: Path) -> None:
    folder = tmp_path / "My Petitions"
    folder.mkdir()
    values = {**PLAIN, "PROCA_DATA_DIR": str(folder)}
    assert env_file.write(folder / "demo.env", values) == ["PROCA_DATA_DIR"]
    assert of_docker(folder / "demo.env") == values


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert env_file.value_of(tmp_path / "demo.env", "PROCA_SECRET_KEY") is None
