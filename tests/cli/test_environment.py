"""How `.venv` is made: by uv as pip would, by pip where uv cannot, going on where an earlier start ended."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from proca_web import environment

# Stands in for pip: it notes how it is called, puts the uv below where it is told to, and counts one package.
PIP = """
import json, os, pathlib, sys
root = pathlib.Path({root!r})
with open(root / "calls", "a") as calls:
    print(json.dumps(["pip", sys.argv[1:], {{}}]), file=calls)
if "config" in sys.argv:
    print((root / "config").read_text(), end="")
elif "--target" in sys.argv:
    folder = pathlib.Path(sys.argv[sys.argv.index("--target") + 1], "bin")
    folder.mkdir()
    (folder / "uv").write_text((root / "uv").read_text())
    (folder / "uv").chmod(0o755)
else:
    print("Collecting one==1")
    sys.exit((root / "broken").exists())
"""
UV = """#!{python}
import json, os, sys
with open({root!r} + "/calls", "a") as calls:
    print(json.dumps(["uv", sys.argv[1:], dict(os.environ)]), file=calls)
"""
NO_UV = "#!/bin/sh\necho 'error: no wheel for this machine'\nexit 2\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without an environment, on a machine whose pip and uv only note what they are asked."""
    requirements = tmp_path / "proca_web" / "requirements"
    requirements.mkdir(parents=True)
    for name in ("run", "test", "uv"):
        (requirements / f"{name}.txt").write_text(f"{name}==1")
    (tmp_path / "pip.py").write_text(PIP.format(root=str(tmp_path)))
    (tmp_path / "uv").write_text(UV.format(root=str(tmp_path), python=sys.executable))
    (tmp_path / "config").write_text("")
    monkeypatch.setattr(environment, "_pip", lambda: [sys.executable, str(tmp_path / "pip.py")])
    return tmp_path


def make(root: Path, wanted: str = "run") -> list[tuple[str, list[str], dict[str, str]]]:
    """Make it, and say who was called how: program, arguments, environment."""
    environment.make(root, root / ".venv", wanted)
    return [tuple(json.loads(line)) for line in (root / "calls").read_text().splitlines()]


def installs(calls: list[Any], program: str) -> list[list[str]]:
    return [arguments for name, arguments, _ in calls if name == program and "install" in arguments]


def test_uv_installs_what_is_pinned_and_then_the_project_itself(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packages, itself = installs(make(root, "test"), "uv")
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(packages)
    assert packages[-1] == str(root / "proca_web" / "requirements" / "test.txt")
    assert packages[packages.index("--python") + 1] == str(root / ".venv" / "bin" / "python")
    assert itself[-2:] == ["-e", str(root)]
    assert {"--no-index", "--no-build-isolation"} <= set(itself)
    assert capsys.readouterr().err.splitlines() == [
        "1/3 making .venv",
        "2/3 fetching uv",
        "2/3 fetching the packages to test: 1 with uv",
        "3/3 installing proca_web itself",
    ]


def test_uv_itself_is_fetched_by_its_hash_and_does_not_stay(root: Path) -> None:
    (fetch,) = installs(make(root), "pip")
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(fetch)
    assert fetch[-1] == str(root / "proca_web" / "requirements" / "uv.txt")
    assert not list((root / ".venv").glob(".uv-*"))


def test_the_environment_runs_and_holds_no_pip(root: Path) -> None:
    make(root)
    python = root / ".venv" / "bin" / "python"
    asked = "import sys, importlib.util; print(sys.prefix, importlib.util.find_spec('pip'))"
    said = subprocess.run([python, "-I", "-c", asked], check=True, capture_output=True, text=True).stdout
    assert said.split() == [str(root / ".venv"), "None"]


def test_where_uv_fails_pip_does_all_of_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "uv").write_text(NO_UV)
    _, packages, itself = installs(make(root), "pip")
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(packages)
    assert packages[-1] == str(root / "proca_web" / "requirements" / "run.txt")
    assert itself[-2:] == ["-e", str(root)]
    assert packages[:2] == itself[:2] == ["--python", str(root / ".venv" / "bin" / "python")]
    said = capsys.readouterr().err
    assert "uv cannot do it here (error: no wheel for this machine); pip does, which takes longer" in said
    assert "2/3 fetching the packages to run: 1 of 1" in said


@pytest.mark.parametrize("uv", ["", "#!/nowhere/python\n"])
def test_a_uv_that_does_not_even_start_is_no_reason_to_stop(root: Path, uv: str) -> None:
    (root / "uv").write_text(uv)
    assert len(installs(make(root), "pip")) == 3


def test_where_pip_fails_too_one_sentence_says_what_to_do(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "uv").write_text(NO_UV)
    (root / "broken").touch()
    with pytest.raises(SystemExit) as stop:
        make(root)
    assert stop.value.code == 1
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == "the packages could not be installed; please check the network and try again"


def test_uv_asks_the_indexes_pip_would_ask_through_the_same_certificate_and_proxy(root: Path) -> None:
    lines = {
        "global.index-url": "https://user:secret@mirror.example.org/simple",
        "install.extra-index-url": "https://one.example.org/simple\nhttps://two.example.org/simple",
        "global.find-links": "/srv/wheels /srv/more",
        "global.cert": "/etc/old.pem",
        ":env:.cert": "/etc/ours.pem",
        "global.trusted-host": "mirror.example.org",
        "global.proxy": "http://proxy.example.org:3128",
    }
    (root / "config").write_text("".join(f"{name}={value!r}\n" for name, value in lines.items()))
    given = next(env for name, _, env in make(root) if name == "uv")
    assert given["UV_DEFAULT_INDEX"] == lines["global.index-url"]
    assert given["UV_INDEX"] == "https://one.example.org/simple https://two.example.org/simple"
    assert given["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert given["UV_FIND_LINKS"] == "/srv/wheels,/srv/more"
    assert given["SSL_CERT_FILE"] == "/etc/ours.pem"
    assert given["UV_INSECURE_HOST"] == "mirror.example.org"
    assert given["HTTPS_PROXY"] == given["http_proxy"] == "http://proxy.example.org:3128"


def test_a_pip_without_settings_leaves_uv_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example.org/simple")
    given = next(env for name, _, env in make(root) if name == "uv")
    assert given["UV_DEFAULT_INDEX"] == "https://mine.example.org/simple"


def test_a_pip_that_may_ask_no_index_is_not_replaced_by_a_uv_that_would(root: Path) -> None:
    (root / "config").write_text("global.no-index='true'\n")
    calls = make(root)
    assert installs(calls, "uv") == []
    assert len(installs(calls, "pip")) == 3


def test_the_pip_inside_ensurepip_reads_pips_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not environment._pip_wheels():
        pytest.skip("this Python has no ensurepip")
    real = environment.importlib.util.find_spec
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None if name == "pip" else real(name))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_CERT", "/etc/ours.pem")
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mirror.example.org/simple\n")
    settings = environment.uv_settings(environment._pip())
    assert settings["UV_DEFAULT_INDEX"] == "https://mirror.example.org/simple"
    assert settings["SSL_CERT_FILE"] == "/etc/ours.pem"


@pytest.mark.parametrize(("missing", "who"), [("pip", environment._pip), ("venv module", environment._make_venv)])
def test_a_python_that_lacks_a_part_is_told_what_to_install(
    missing: str, who: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(SystemExit) as stop:
        who() if missing == "pip" else who(tmp_path / ".venv")
    assert stop.value.code == 1
    said = f"Python's {missing} is missing. Please install it (Debian, Ubuntu: sudo apt-get install python3-venv)\n"
    assert capsys.readouterr().err == said


def test_an_environment_of_an_older_version_is_taken_over(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(root / ".venv")
    (root / ".venv" / "bin" / "pip").write_text("of an older version")
    make(root)
    assert (root / ".venv" / "bin" / "pip").exists()
    assert "1/3" not in capsys.readouterr().err


@pytest.mark.parametrize("python", [None, "#!/bin/sh\nexit 1\n", "/nowhere/python"])
def test_what_an_interrupted_start_left_is_made_anew(root: Path, python: str | None) -> None:
    half = root / ".venv" / "bin" / "python"
    half.parent.mkdir(parents=True)
    if python and python.startswith("#!"):
        half.write_text(python)
        half.chmod(0o755)
    elif python:
        half.symlink_to(python)
    make(root)
    assert environment._starts(half)


def test_a_download_that_was_killed_is_cleared_away(root: Path) -> None:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(root / ".venv")
    (root / ".venv" / ".uv-left").mkdir()
    make(root)
    assert not (root / ".venv" / ".uv-left").exists()
    assert os.access(root / ".venv" / "bin" / "python", os.X_OK)
