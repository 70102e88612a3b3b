"""What a page says and refuses does not depend on the database: SQLite, where a test does not ask for both.

What it keeps does: that is tested in `tests/services` and `tests/flows` on both.
"""

import re
from collections.abc import Callable
from html import unescape

import pytest


@pytest.fixture
def database_url(request: pytest.FixtureRequest, begin: Callable[[str], str]) -> str:
    """The database under test."""
    return begin(getattr(request, "param", "sqlite"))


def words(html: str) -> str:
    """A page's text as one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("<main")[2].partition("</main")[0])).split())
