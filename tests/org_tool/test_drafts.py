"""Results in the making: whole or not at all, for their owner alone, with and without files that have no name."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from proca_web.org_tool import drafts
from proca_web.org_tool.drafts import Draft
from proca_web.org_tool.errors import UsageFault
from tests.org_tool.terminal import COMMAND


@pytest.fixture(params=["without a name", "with a name", "without /proc", "without names and locks"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Drafts on each kind of system: where a file needs no name, where it does, in a jail, and on Windows."""
    if request.param == "without /proc":
        monkeypatch.setattr(os.path, "exists", lambda _: False)
    elif request.param != "without a name":
        monkeypatch.setattr(drafts, "_UNNAMED", 0)
    if request.param == "without names and locks":
        monkeypatch.setattr(drafts, "fcntl", None)
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_draft_appears_whole_over_an_older_file(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "people.csv"
    place.write_text("older")
    draft = Draft(place)
    draft.write(b"Zofia\r\n")
    assert place.read_text() == "older"
    assert len(names(tmp_path)) == (1 if kind == "without a name" else 2)
    draft.commit()
    draft.discard()
    assert place.read_bytes() == b"Zofia\r\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert names(tmp_path) == ["people.csv"]


@pytest.mark.usefixtures("kind")
def test_a_draft_that_is_discarded_leaves_no_trace(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "people.csv")
    draft.write(b"Zofia\r\n")
    draft.discard()
    assert names(tmp_path) == []


def test_a_draft_in_the_making_is_not_taken_for_a_leftover(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "people.csv"
    draft = Draft(place)
    assert drafts.remove_leftovers(place) == []
    draft.commit()
    assert (names(tmp_path), kind) == (["people.csv"], kind)


def test_only_our_own_dead_drafts_of_this_place_are_removed(tmp_path: Path) -> None:
    dead = tmp_path / ".people.csv.12ab34cd.part"
    kept = [".people.csv.12AB34CD.part", ".people.csv.12ab34cd.part.txt", ".other.csv.12ab34cd.part", "people.csv"]
    for name in (dead.name, *kept):
        (tmp_path / name).write_text("x")
    (tmp_path / ".people.csv.00000000.part").mkdir()
    (tmp_path / ".people.csv.11111111.part").symlink_to(tmp_path / "people.csv")
    assert drafts.remove_leftovers(tmp_path / "people.csv") == [dead]
    assert names(tmp_path) == sorted([*kept, ".people.csv.00000000.part", ".people.csv.11111111.part"])


@pytest.mark.usefixtures("kind")
def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere" / "people.csv"
    with pytest.raises(UsageFault) as fault:
        Draft(missing)
    assert str(fault.value) == f"{missing} cannot be written: No such file or directory."


@pytest.mark.parametrize("name", [b"caf\xe9", b"\xff\xfe", "żółw".encode()])
def test_a_folder_whose_name_is_no_text_is_printed_as_it_is(tmp_path: Path, name: bytes) -> None:
    folder = os.path.join(os.fsencode(tmp_path), name)
    os.mkdir(folder)
    command = [*map(str, COMMAND), "keygen", "--org", "org-one", "--out", folder]
    env = {**os.environ, "LC_ALL": "C.UTF-8", "PROCA_ORG_PASSPHRASE": "a passphrase of tests"}
    done = subprocess.run(command, capture_output=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = os.listdir(folder)
    assert b"file: " + os.path.join(folder, made) in done.stdout
