"""Staff: who is there, what they know by heart, and what is written down about what they did."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.config import Settings
from proca_web.domain.errors import BadSetting, NameTaken
from proca_web.domain.staff_words import StaffRole
from proca_web.domain.words import KeyEvent
from proca_web.models import Org
from proca_web.services.staff import audit, passwords, people
from tests import factories
from tests.factories import World

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings on SQLite: no database changes these rules."""
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    """One transaction in a world with two orgs and their owners."""
    with world.app.app_context(), writing() as session:
        yield session


def org(session: Session, name: str) -> Org:
    return session.scalars(select(Org).where(Org.name == name)).one()


def test_somebody_is_added_with_a_place_in_an_org(session: Session) -> None:
    people.add_user(session, " New@Example.org ", "hash", org(session, "org-one"), StaffRole.OWNER, NOW)
    session.flush()
    found = people.find_user(session, "NEW@example.org ")
    assert found is not None
    assert (found.email, found.password_hash, found.created_at) == ("new@example.org", "hash", NOW)
    assert [(place.org.name, place.role) for place in people.places(session, found.id)] == [("org-one", "owner")]


def test_an_address_is_taken_once_however_it_is_written(session: Session) -> None:
    with pytest.raises(NameTaken, match="a user operator@example.org already"):
        people.add_user(session, "Operator@Example.ORG", "hash", org(session, "org-one"), StaffRole.OWNER, NOW)


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "a b@example.org"])
def test_what_is_no_address_is_refused(session: Session, email: str) -> None:
    with pytest.raises(BadSetting):
        people.add_user(session, email, "hash", org(session, "org-one"), StaffRole.OWNER, NOW)


def test_nobody_is_found_where_nobody_is(session: Session) -> None:
    assert people.find_user(session, "stranger@example.org") is None
    assert people.places(session, 999) == []


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 129])
def test_a_password_that_is_too_short_or_endless_is_refused(password: str) -> None:
    with pytest.raises(BadSetting, match="12 to 128 characters"):
        passwords.hash_password(password)


def test_a_password_is_kept_as_argon2id_and_only_itself_is_right() -> None:
    hashed = passwords.hash_password("a good password")
    assert hashed.startswith("$argon2id$")
    assert hashed != passwords.hash_password("a good password")
    assert passwords.verify_password(hashed, "a good password")
    assert not passwords.verify_password(hashed, "a good passwore")
    assert not passwords.verify_password(None, "a good password")


def test_an_org_reads_its_own_record_the_newest_first(session: Session) -> None:
    one, two = org(session, "org-one").id, org(session, "org-two").id
    who = people.find_user(session, "admin@org-one.example.org")
    assert who is not None
    event = KeyEvent.PROVEN.told
    for number in range(3):
        audit.record(session, one, who.id, event, f"F{number}", NOW + timedelta(minutes=number))
    audit.record(session, one, None, event, "by nobody who is left", NOW)
    audit.record(session, two, who.id, event, "elsewhere", NOW)
    audit.record(session, one, who.id, "export", "another kind", NOW)
    session.flush()
    lines = [(entry.detail, entry.actor) for entry in audit.recent_entries(session, one, event, limit=3)]
    assert lines == [("by nobody who is left", ""), ("F2", who.email), ("F1", who.email)]
