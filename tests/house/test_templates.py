"""Templates: no inline script or style (the policy refuses them), no unescaped value, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

from tests.house.source import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
PAGES = [path for path in TEMPLATES if "email" not in path.relative_to(ROOT / "templates").parts]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_has_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_nothing_is_marked_safe(path: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape false|Markup", path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    assert not re.search(r"""<(script|link|img|iframe)[^>]+(src|href)=["']https?:""", path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_can_be_read_at_once(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 120


@pytest.mark.parametrize("path", [path for path in PAGES if path.suffix == ".html"], ids=name)
def test_every_sentence_goes_through_gettext(path: Path) -> None:
    text = re.sub(r"\{% block body_(class|data) %\}.*?\{% endblock %\}", " ", path.read_text(), flags=re.S)
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->|<(pre|code)>.*?</\1>", " ", text, flags=re.S)
    visible = re.sub(r"<[^>]+>|aria-[a-z]+=|\"true\"", " ", text)
    assert not [word for word in re.findall(r"[A-Za-z]{3,}", visible) if word not in NAMES]


NAMES = {"WhatsApp", "Telegram", "Bluesky", "Mastodon", "proca", "web", "proca_web", "UTC"}
