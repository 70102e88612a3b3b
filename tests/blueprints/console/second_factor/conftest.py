"""A person with a phone, in a world where a second step is required."""

from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from nacl.pwhash import argon2id

from proca_web.services.staff.second_factor import recovery
from tests.blueprints.console.second_factor.phone import Phone, set_up
from tests.factories import FakeClock, World

OWNER = "admin@org-one.example.org"


@pytest.fixture(params=["required"])
def second_factor(request: pytest.FixtureRequest) -> str:
    """What an instance has that says nothing else."""
    wanted: str = request.param
    return wanted


@pytest.fixture(autouse=True)
def quick_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recovery codes are slow to check on purpose; what a real one costs is a test of its own."""
    cheap = {"opslimit": argon2id.OPSLIMIT_MIN, "memlimit": argon2id.MEMLIMIT_MIN}
    monkeypatch.setattr(recovery, "COST", cheap)


@dataclass
class Person:
    """An owner who set up their phone a moment ago, and what they keep."""

    browser: FlaskClient
    phone: Phone
    codes: list[str]
    email: str = OWNER


@pytest.fixture
def person(world: World, clock: FakeClock) -> Person:
    """The owner of org-one, signed in, whose phone shows a new code by now."""
    made = Person(world.signed_in(OWNER), *set_up(world.signed_in(OWNER)))
    clock.forward(seconds=60)
    return made
