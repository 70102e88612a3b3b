"""What a test needs from outside: skip with the reason where it is missing, fail where CI requires it."""

import os
from typing import NoReturn

import pytest


def required(service: str, reason: str) -> NoReturn:
    """Skip, or fail when PROCA_TEST_REQUIRE names the service."""
    if service in os.environ.get("PROCA_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{service} is required: {reason}")
    pytest.skip(reason)
