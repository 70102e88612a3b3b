"""The texts that supporters read, as Babel finds them, and the catalogues that translate them."""

import re
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from babel.util import pathmatch

from proca_web.adapters.files.catalogue import FOLDER
from proca_web.domain.messages import LANGUAGES
from tests.house.source import ROOT

# What stays in every language: values, words in braces, marks.
PUT_IN = re.compile(r"%\(\w+\)[sd]|\{[a-z_%()]+\}|</?[a-z]+[^>]*>|%(?!\()")
Text = str | tuple[str, ...]
TRANSLATED = [language for language in LANGUAGES if language != "en"]


@cache
def texts() -> dict[Text, str]:
    """Every text of the public pages, the mails to supporters and the wordings, and a file it stands in."""
    with (FOLDER / "babel.cfg").open() as file:
        methods, _ = parse_mapping_cfg(file)
    found: dict[Text, str] = {}
    for pattern, method in methods:
        files = sorted(file for file in Path(ROOT, pattern.split("*")[0]).parent.rglob("*") if file.is_file())
        named = [file for file in files if pathmatch(pattern, file.relative_to(ROOT).as_posix())]
        assert named, pattern
        for file in named:
            for _, text, _, _ in extract_from_file(method, file, {**DEFAULT_KEYWORDS, "N_": None}):
                found.setdefault(text, file.name)
    return found


@cache
def plurals() -> list[tuple[str, ...]]:
    """Every text of the house, the console's too, that goes by a number."""
    found: set[tuple[str, ...]] = set()
    for folder, pattern, method in (("templates", "*.*", "jinja2"), ("proca_web", "*.py", "python")):
        for file in (ROOT / folder).rglob(pattern):
            texts = (text for _, text, _, _ in extract_from_file(method, file, DEFAULT_KEYWORDS))
            found |= {text for text in texts if isinstance(text, tuple)}
    return sorted(found)


@cache
def catalogue(language: str) -> Catalog:
    """A language's .po as it stands in the tree."""
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)
