"""On SQLite, unless a test asks for both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from proca_web.config import Settings
from tests import factories


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, begin: Callable[[str], str]) -> str:
    """The database under test."""
    return begin(request.param)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings on it."""
    return factories.settings(tmp_path, database_url)
