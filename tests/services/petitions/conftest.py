"""What is shown and counted, asked without HTTP: rules of the house, which no database changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_babel import force_locale
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.config import Settings
from tests import factories
from tests.factories import World


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings on SQLite."""
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    """One transaction in a world with two orgs, one campaign and two live pages."""
    with world.app.test_request_context(), force_locale("en"), writing() as session:
        yield session
