"""Templates: no inline script or style (the policy refuses them), no unescaped value, nothing from elsewhere."""

import re
from pathlib import Path

from tests.house.source import ROOT, text

FOLDER = ROOT / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.*"))
PAGES = [path for path in TEMPLATES if "email" not in path.relative_to(FOLDER).parts]
NAMES = {"WhatsApp", "Telegram", "Bluesky", "Mastodon", "proca", "web", "proca_web", "UTC"}


def those_with(pattern: str, paths: list[Path]) -> list[str]:
    """The templates in which a pattern occurs."""
    return [str(path.relative_to(FOLDER)) for path in paths if re.search(pattern, text(path))]


def test_there_are_templates() -> None:
    assert len(those_with(r"\{% (extends|block|macro|include)", PAGES)) > 20
    assert len(TEMPLATES) > len(PAGES)


def test_a_page_has_no_inline_script_or_style() -> None:
    assert those_with(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", PAGES) == []
    assert those_with(r"<script(?![^>]*\ssrc=)", PAGES) == []


def test_nothing_is_marked_safe() -> None:
    assert those_with(r"\|\s*safe\b|autoescape false|Markup", TEMPLATES) == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert those_with(r"""<(script|link|img|iframe)[^>]+(src|href)=["']https?:""", PAGES) == []


def test_a_template_can_be_read_at_once() -> None:
    assert [path.name for path in TEMPLATES if len(text(path).splitlines()) > 120] == []


def typed(path: Path) -> list[str]:
    """Words a reader sees that did not go through gettext."""
    said = re.sub(r"\{% block body_(class|data) %\}.*?\{% endblock %\}", " ", text(path), flags=re.S)
    said = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->|<(pre|code)>.*?</\1>", " ", said, flags=re.S)
    visible = re.sub(r"<[^>]+>|aria-[a-z]+=|\"true\"", " ", said)
    return [word for word in re.findall(r"[A-Za-z]{3,}", visible) if word not in NAMES]


def test_every_sentence_goes_through_gettext() -> None:
    found = {path.name: typed(path) for path in PAGES if path.suffix == ".html"}
    assert {name: words for name, words in found.items() if words} == {}
