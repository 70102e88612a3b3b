"""What people read is in their words: none of those that only the code and its documents use."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from tests.house.source import PACKAGE, ROOT, modules, nodes, text

OURS = r"\b(re|un)?seal\w*|\bun?vouch\w*|\bvouch\w*|\bpins?\b|\bpinn\w*|\bquarantin\w*|\bhome org\b|\bendors\w*"
ON_A_SCREEN = re.compile(rf"{OURS}|\brows?\b|\bhome (identity|key|box)\b", re.I)
AT_A_TERMINAL = re.compile(OURS, re.I)  # a file has rows, a spreadsheet shows them; an operator holds the Home key
OPERATORS = re.compile(OURS.replace(r"|\bhome org\b", ""), re.I)  # the Home Org stands in their list of organisations
COMMAND = re.compile(r"proca-org\S* pin\b|--quarantine|quarantine\.csv")  # what is to be typed
OF_THE_PROTOCOL = " sealed in static mode: whoever holds the Home key can open these"

METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
TOOL = ("org_tool", "crypto", "domain")
OPERATORS_ROOMS = (
    "cli",
    "jobs",
    "services/instance",
    "services/keys",
    "adapters/start.py",
    "adapters/clock.py",
    "config",
)


def messages(folder: Path) -> list[str]:
    """Every sentence that a translator would get."""
    found = extract_from_dir(folder, METHODS, keywords=KEYWORDS)
    return [said for _, _, message, _, _ in found for said in ((message,) if isinstance(message, str) else message)]


def sentences(path: Path) -> Iterator[str]:
    """Every text of a module with a space in it; of its docstrings those that a command shows as its help."""
    silent = set()
    for node in nodes(path):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            is_command = isinstance(node, ast.FunctionDef) and any(
                "command" in ast.unparse(by) for by in node.decorator_list
            )
            silent |= set() if is_command else {id(node.body[0].value)}  # type: ignore[attr-defined]
    for node in nodes(path):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value
            and id(node) not in silent
        ):
            yield node.value


def in_rooms(*rooms: str) -> list[tuple[Path, str]]:
    """What the modules of these rooms say, with where."""
    inside = [path for path in modules() if path.relative_to(PACKAGE).as_posix().startswith(rooms)]
    return [(path, said) for path in inside for said in sentences(path) if said != OF_THE_PROTOCOL]


@pytest.mark.parametrize("folder", [ROOT / "templates", PACKAGE], ids=lambda folder: folder.name)
def test_pages_and_mails_speak_in_the_words_of_people(folder: Path) -> None:
    said = messages(folder)
    assert len(said) > 50
    assert [sentence for sentence in said if ON_A_SCREEN.search(COMMAND.sub("", sentence))] == []


def test_proca_org_speaks_in_the_words_of_an_organisation() -> None:
    said = in_rooms(*TOOL)
    assert len(said) > 200
    assert [(path.name, text) for path, text in said if AT_A_TERMINAL.search(COMMAND.sub("", text))] == []


def test_what_the_operator_is_told_is_plain_too() -> None:
    said = in_rooms(*OPERATORS_ROOMS)
    assert len(said) > 200
    assert [(path.name, text) for path, text in said if OPERATORS.search(COMMAND.sub("", text))] == []


@pytest.mark.parametrize("page", ["account", "open-an-export", "keys", "people", "run-a-petition"])
def test_the_pages_for_staff_are_plain_too(page: str) -> None:
    assert OPERATORS.findall(COMMAND.sub("", text(ROOT / "docs" / f"{page}.md"))) == []


def test_the_sentence_of_the_protocol_is_still_said() -> None:
    assert OF_THE_PROTOCOL in text(PACKAGE / "org_tool/commands/decrypt.py")
