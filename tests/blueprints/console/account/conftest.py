"""Somebody who works for org-one. Which database it is makes a difference where the tests say so."""

from pathlib import Path

import pytest

from proca_web.config import Settings
from tests import factories
from tests.blueprints.console.account.person import Person
from tests.factories import FakeClock, World


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def person(world: World, clock: FakeClock) -> Person:
    """Signed in, at a browser of their own."""
    made = Person(world)
    assert made.sign_in().status_code == 303
    return made
