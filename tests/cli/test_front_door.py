"""The front door: standard library only, one sentence when it cannot go on, and nothing done twice."""

import ast
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from proca_web import __main__ as door
from proca_web import environment
from proca_web.assets import ASSETS
from tests.cli import running

PACKAGE = Path(door.__file__).resolve().parent
VENV = ASSETS / ".venv"


def module_level_imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py", "environment.py"])
def test_the_front_door_needs_nothing_but_the_standard_library(name: str) -> None:
    assert module_level_imports(PACKAGE / name) <= sys.stdlib_module_names


def test_the_package_itself_imports_nothing() -> None:
    assert module_level_imports(PACKAGE / "__init__.py") == set()


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py", "environment.py"])
def test_an_old_python_gets_as_far_as_being_told_so(name: str) -> None:
    source = (PACKAGE / name).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 7))
    annotated = any(isinstance(node, ast.FunctionDef) for node in tree.body)
    # Annotations like list[str] | None would be computed, and fail, where Python is too old to know them.
    assert not annotated or "from __future__ import annotations" in source


def test_a_python_that_is_too_old_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(door, "OLDEST", (4, 2))
    with pytest.raises(SystemExit) as stop:
        door.main()
    assert stop.value.code == 1
    said = capsys.readouterr().err
    assert said == f"proca_web needs Python 4.2 or newer; this is {sys.version.split()[0]}\n"


@pytest.mark.parametrize(("code", "given"), [(1, ()), (130, (130,))])
def test_stopping_says_one_sentence_on_stderr(
    capsys: pytest.CaptureFixture[str], code: int, given: tuple[int, ...]
) -> None:
    with pytest.raises(SystemExit) as stop:
        door._stop("this cannot go on", *given)
    assert stop.value.code == code
    assert capsys.readouterr() == ("", "this cannot go on\n")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with requirements and no environment."""
    (tmp_path / "proca_web" / "requirements").mkdir(parents=True)
    for name in ("run", "test"):
        (tmp_path / "proca_web" / "requirements" / f"{name}.txt").write_text(f"{name}==1")
    (tmp_path / "pyproject.toml").write_text("[project]")
    return tmp_path


def complete(root: Path, wanted: str) -> Path:
    """The mark an install leaves when it has come to its end."""
    (root / ".venv").mkdir(exist_ok=True)
    stamp = door._stamp_file(root / ".venv", wanted)
    stamp.write_text(door._stamp(root, wanted))
    return stamp


def ready(root: Path, wanted: str) -> bool:
    return door._is_ready(root, root / ".venv", wanted)


def test_an_install_that_came_to_its_end_is_not_repeated(checkout: Path) -> None:
    complete(checkout, "run")
    assert ready(checkout, "run")


@pytest.mark.parametrize("content", [None, "", "other"])
def test_an_interrupted_install_is_taken_up_again(checkout: Path, content: str | None) -> None:
    stamp = complete(checkout, "run")
    if content is None:
        stamp.unlink()
    else:
        stamp.write_text(content)
    assert not ready(checkout, "run")


def test_the_packages_to_test_include_those_to_run_and_not_the_other_way_round(checkout: Path) -> None:
    complete(checkout, "test")
    assert (ready(checkout, "run"), ready(checkout, "test")) == (True, True)
    door._stamp_file(checkout / ".venv", "test").unlink()
    complete(checkout, "run")
    assert (ready(checkout, "run"), ready(checkout, "test")) == (True, False)


@pytest.mark.parametrize("changed", ["proca_web/requirements/run.txt", "pyproject.toml"])
def test_changed_requirements_are_installed_at_the_next_start(checkout: Path, changed: str) -> None:
    complete(checkout, "run")
    (checkout / changed).write_text("changed")
    assert not ready(checkout, "run")


def test_a_checkout_that_was_moved_is_installed_anew(checkout: Path, tmp_path: Path) -> None:
    complete(checkout, "run")
    moved = checkout.rename(tmp_path.parent / f"{tmp_path.name}-moved")
    assert not ready(moved, "run")


PYTHONS = sorted({sys.executable, "/usr/bin/python3"})


def is_new_enough(python: str) -> bool:
    """Whether that Python exists and may run us."""
    asked = [python, "-c", f"import sys; raise SystemExit(sys.version_info < {door.OLDEST})"]
    return Path(python).exists() and subprocess.run(asked, check=False, timeout=20).returncode == 0


@pytest.mark.parametrize("python", PYTHONS)
def test_once_installed_the_door_opens_at_once_and_without_a_network(python: str) -> None:
    if not door._is_ready(ASSETS, VENV, "run"):
        pytest.skip("this environment was not made by the front door")
    if not is_new_enough(python):
        pytest.skip(f"{python} is missing or too old")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_NO_INDEX": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [python, "-m", "proca_web", "--help"],
        env=running.environment(nowhere),
        cwd=ASSETS,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "demo" in done.stdout
    # Processor time: on a busy machine the clock on the wall says nothing about the door.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_two_commands_at_once_take_turns(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits at the lock, then finds the work done by the first."""
    made: list[str] = []
    answers = iter([False, True])
    monkeypatch.setattr(door, "_is_ready", lambda *_: next(answers))
    monkeypatch.setattr(environment, "make", lambda *_: made.append("again"))
    open_before = len(os.listdir("/proc/self/fd"))
    door._prepare(checkout, checkout / ".venv", "run")
    assert made == []
    assert len(os.listdir("/proc/self/fd")) == open_before
