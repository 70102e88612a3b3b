"""Files of other projects are what they say they are: name, version, licence and sum stand beside them."""

import hashlib
import re
from pathlib import Path

from tests.house.source import ROOT

FOLDERS = [ROOT / "static" / "vendor", ROOT / "tests" / "browser" / "vendor"]
_ROW = r"^\| (\S+) \| [^|]+ \| [^|]+ \| [^|]+ \| ([0-9a-f]{64}) \|$"


def faults(folder: Path) -> list[str]:
    """Files without a row, rows without a file, and sums that are not those of the file."""
    rows = dict(re.findall(_ROW, (folder / "README.md").read_text(), re.M))
    there = {path.name: path for path in folder.iterdir() if path.name != "README.md"}
    assert there
    sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}
    return sorted({name for name, _ in rows.items() ^ sums.items()})


def test_every_vendored_file_has_its_row_and_its_sum() -> None:
    assert {folder: faults(folder) for folder in FOLDERS} == dict.fromkeys(FOLDERS, [])


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
