"""What the tests of the editor share: a browser of somebody, the form as it is shown, and how it is sent."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.config import Settings
from tests import factories
from tests.factories import World


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings on SQLite: what a database would change is asked of the services."""
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def admin(world: World) -> FlaskClient:
    """Who may write for org-one."""
    return world.signed_in("admin@org-one.example.org")


class _Form(HTMLParser):
    """What a browser would send of a page's fields."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "input" and name and given.get("type") != "file":
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self.fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._area, self.fields[name] = name, ""
        elif tag == "select":
            self._select, self.fields[name] = name, ""
        elif tag == "option" and "selected" in given:
            self.fields[self._select] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data if self.fields[self._area] else data.removeprefix("\n")


@pytest.fixture
def form() -> Callable[[str], dict[str, str]]:
    """The fields of a page."""

    def read(html: str) -> dict[str, str]:
        parser = _Form()
        parser.feed(html)
        return {name: text.replace("\n", "\r\n") for name, text in parser.fields.items()}

    return read
