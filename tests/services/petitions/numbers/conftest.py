"""Sums are the database's: what is asked here is asked of both."""

from pathlib import Path

import pytest

from proca_web.config import Settings
from tests import factories


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings on the database under test."""
    return factories.settings(tmp_path, database_url)
