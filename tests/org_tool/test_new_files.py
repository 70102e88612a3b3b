"""New files of the tool, a key file above all: there whole or not at all, and never over another one."""

import os
import stat
from pathlib import Path

import pytest

from proca_web.org_tool import files
from proca_web.org_tool.errors import ToolError, UsageFault

CONTENT = "a key file, ünd whole\n"


@pytest.fixture(params=["named twice", "on a stick that knows one name a file"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file goes, on both kinds of file system."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if "stick" in request.param:
        monkeypatch.setattr(os, "link", refuse)
    return tmp_path / "new.orgkey.json"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_is_there_with_its_content_for_its_owner_alone(place: Path) -> None:
    files.write_new(place, CONTENT)
    assert place.read_text("utf-8") == CONTENT
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert names(place.parent) == [place.name]


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_what_is_there_is_not_overwritten(place: Path, kind: str) -> None:
    if kind == "file":
        place.write_text("older")
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(place.with_name("nowhere"))
    with pytest.raises(UsageFault, match="exists already and is not overwritten"):
        files.write_new(place, CONTENT)
    assert names(place.parent) == [place.name]
    assert kind != "file" or place.read_text() == "older"


def test_a_folder_that_is_not_there_is_named(place: Path) -> None:
    missing = place.parent / "nowhere" / place.name
    with pytest.raises(UsageFault) as fault:
        files.write_new(missing, CONTENT)
    assert str(fault.value) == f"{missing} cannot be written: No such file or directory."


def test_what_cannot_be_read_is_named_with_the_systems_reason(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as fault:
        files.read_small(tmp_path)
    assert str(fault.value) == f"{tmp_path} cannot be read: Is a directory."


def test_a_disk_that_is_full_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        files.write_new(place, CONTENT)
    assert names(place.parent) == []


def test_a_process_that_is_killed_while_it_writes_leaves_no_half_file_under_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, seen, real = tmp_path / "new.orgkey.json", [], os.fsync

    def looked(descriptor: int) -> None:
        seen.append(place.exists())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", looked)
    files.write_new(place, CONTENT)
    assert seen == [False]
    assert place.read_text("utf-8") == CONTENT
