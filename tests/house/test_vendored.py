"""Files of other projects are what they say they are: name, version, licence and sum stand beside them."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.house.source import ROOT

FOLDERS = [ROOT / "static" / "vendor", ROOT / "tests" / "browser" / "vendor"]


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_vendored_file_has_its_row_and_its_sum(folder: Path) -> None:
    rows = {
        row[0]: row
        for row in re.findall(
            r"^\| (\S+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([0-9a-f]{64}) \|$",
            (folder / "README.md").read_text(),
            re.M,
        )
    }
    there = {path.name for path in folder.iterdir() if path.name != "README.md"}
    assert there == set(rows)
    for name, row in rows.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == row[4], name


def test_the_word_list_is_the_one_described() -> None:
    folder = ROOT / "proca_web" / "crypto" / "keys"
    said = re.search(r"sha256: ([0-9a-f]{64})", (folder / "passphrase_words.md").read_text())
    assert said is not None
    assert hashlib.sha256((folder / "passphrase_words.txt").read_bytes()).hexdigest() == said[1]


def test_no_requirement_names_where_it_comes_from() -> None:
    for file in (ROOT / "proca_web" / "requirements").glob("*.txt"):
        text = file.read_text()
        assert "http" not in text
        assert "index" not in text
        assert all(line.startswith(("    --hash=sha256:",)) or "==" in line for line in text.splitlines() if line)
