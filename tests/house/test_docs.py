"""The docs name only what exists: files, modules, commands, settings; and the README stays short."""

import re
import subprocess
from pathlib import Path

import pytest
from click import Context, Group

from proca_web.cli import main
from tests.house.source import PACKAGE, ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGES.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).resolve().exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_named_in_code_marks_exists(page: Path) -> None:
    for path in re.findall(
        r"`((?:proca_web|tests|templates|static|migrations|docs|bench|services|web)/[\w./-]+)`", page.read_text("utf-8")
    ):
        assert (ROOT / path).exists() or (PACKAGE / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_setting_named_is_one(page: Path) -> None:
    known = set(
        re.findall(
            r"PROCA_[A-Z_]+",
            "".join(
                path.read_text("utf-8")
                for path in (PACKAGE / "config.py", ROOT / ".env.example", *(PACKAGE / "org_tool").rglob("*.py"))
            ),
        )
    )
    named = set(re.findall(r"PROCA_[A-Z_]+", page.read_text("utf-8")))
    assert named - {"PROCA_TEST_REQUIRE", "PROCA_TEST_POSTGRES", "PROCA_BENCH_POSTGRES"} <= known


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_named_exists(page: Path) -> None:
    for words in re.findall(r"python3 -m proca_web ((?:[a-z][a-z-]* ?){1,2})", page.read_text("utf-8")):
        first, *rest = words.split()
        command = main.get_command(Context(main), first)
        assert command is not None, words
        if isinstance(command, Group) and rest:
            assert rest[0] in command.commands, words


def test_the_readme_can_be_read_in_a_minute() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


def test_every_claim_on_security_names_a_test() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    assert len(set(re.findall(r"`tests/[\w/.]+`", text))) >= 10


def test_the_project_speaks_of_itself_alone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    for path in filter(None, listed):
        text = (ROOT / path).read_text("utf-8", errors="replace") if (ROOT / path).exists() else ""
        assert not re.search(r"py[p]i\.(org|python)|pythonh[o]sted|npm[j]s\.(org|com)|deb\.debia[n]\.org", text), path
        assert not re.search(r"(^|[^A-Za-z0-9_./-])/(wo[r]k|fa[r]m)/", text), path
