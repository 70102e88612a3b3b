"""What a page says and refuses does not depend on the database: SQLite, where a test does not ask for both.

What it keeps does: that is tested in `tests/services` and `tests/flows` on both.
"""

import re
from collections.abc import Callable
from html import unescape

import pytest
from nacl.pwhash import argon2id

from proca_web.services.staff import passwords
from tests.factories import password_hash


@pytest.fixture
def database_url(request: pytest.FixtureRequest, begin: Callable[[str], str]) -> str:
    """The database under test."""
    return begin(getattr(request, "param", "sqlite"))


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a password is slow to check, known or not, is asked in `tests/services/staff`."""
    for limit in ("OPSLIMIT", "MEMLIMIT"):
        monkeypatch.setattr(argon2id, f"{limit}_INTERACTIVE", getattr(argon2id, f"{limit}_MIN"))
    monkeypatch.setattr(passwords, "_nobody", lambda: password_hash().encode())


def words(html: str) -> str:
    """A page's text as one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("<main")[2].partition("</main")[0])).split())
