"""The sheet is one page of paper."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser import live, places
from tests.databases import Templates


def test_the_sheet_is_one_a4_page(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, templates: Templates
) -> None:
    with live.few_rounds(), live.town(tmp_path_factory.mktemp("paper"), templates) as town:
        places.prepare(town)
        window = chromium.new_page()
        papers = []
        for page in ("choice", "planned"):  # all a page can show, and four organisations
            window.goto(f"{town.url}/p/{page}/sheet")
            papers.append(window.pdf(prefer_css_page_size=True))
        window.close()
    assert [len(re.findall(rb"/Type\s*/Page\b", paper)) for paper in papers] == [1, 1]
