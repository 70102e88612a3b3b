"""The docs name only what exists: files, modules, commands, settings; and the README stays short."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from click import Context, Group

from proca_web.cli import main
from tests.house.source import PACKAGE, ROOT, text

PAGES = [ROOT / "README.md", ROOT / "CHANGES.md", *sorted((ROOT / "docs").rglob("*.md"))]
_PATH = r"`((?:proca_web|tests|templates|static|migrations|docs|bench|services|web)/[\w./-]+)`"
_COMMAND = r"python3 -m proca_web ((?:[a-z][a-z-]* ?){1,2})"
_SETTING = r"PROCA_[A-Z_]+"
_OF_TESTS = {"PROCA_TEST_REQUIRE", "PROCA_TEST_POSTGRES", "PROCA_BENCH_POSTGRES"}


def found(pattern: str) -> Iterator[tuple[Path, str]]:
    """Where a pattern occurs: the page, and what it says there."""
    for page in PAGES:
        for said in re.findall(pattern, text(page)):
            yield page.relative_to(ROOT), said


def test_there_are_pages() -> None:
    assert len(PAGES) > 5
    assert all(list(found(pattern)) for pattern in (_PATH, _COMMAND, _SETTING))


def test_every_link_leads_somewhere() -> None:
    links = [link for link in found(r"\]\(([^)#]+?)(?:#[^)]*)?\)") if not link[1].startswith("http")]
    assert [(page, link) for page, link in links if not ((ROOT / page).parent / link).resolve().exists()] == []


def test_every_path_named_in_code_marks_exists() -> None:
    gone = [(page, path) for page, path in found(_PATH) if not (ROOT / path).exists() | (PACKAGE / path).exists()]
    assert gone == []


def test_every_setting_named_is_one() -> None:
    places = (*(PACKAGE / "config").glob("*.py"), ROOT / ".env.example", *(PACKAGE / "org_tool").rglob("*.py"))
    known = set(re.findall(_SETTING, "".join(text(path) for path in places))) | _OF_TESTS
    assert [(page, setting) for page, setting in found(_SETTING) if setting not in known] == []


def is_command(words: str) -> bool:
    """Whether somebody can type it."""
    first, *rest = words.split()
    command = main.get_command(Context(main), first)
    return command is not None and (not isinstance(command, Group) or not rest or rest[0] in command.commands)


def test_every_command_named_exists() -> None:
    assert [(page, words) for page, words in found(_COMMAND) if not is_command(words)] == []


def test_the_readme_can_be_read_in_a_minute() -> None:
    assert len(text(ROOT / "README.md").splitlines()) <= 150


def test_every_claim_on_security_names_a_test() -> None:
    assert len(set(re.findall(r"`tests/[\w/.]+`", text(ROOT / "docs" / "security.md")))) >= 10


_REGISTRY = re.compile(r"py[p]i\.(org|python)|pythonh[o]sted|npm[j]s\.(org|com)|deb\.debia[n]\.org")
_ELSEWHERE = re.compile(r"(^|[^A-Za-z0-9_./-])/(wo[r]k|fa[r]m)/")


def test_the_project_speaks_of_itself_alone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [path for path in listed.splitlines() if (ROOT / path).exists()]
    assert len(files) > 100
    said = {path: (ROOT / path).read_text("utf-8", errors="replace") for path in files}
    assert [path for path, words in said.items() if _REGISTRY.search(words) or _ELSEWHERE.search(words)] == []
