"""An org's own mail server: tested before it is used, one in use, nothing of another org's, each act in the record."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.config import Settings
from proca_web.domain.delivery import own_server
from proca_web.domain.delivery.own_server import Step
from proca_web.domain.errors import FieldsRefused, StaffRefused
from proca_web.models import AuditEntry, Org, OrgTransport, User
from proca_web.services.petitions.settings import own_transports, passwords
from proca_web.services.petitions.settings.own_transports import Given
from proca_web.services.petitions.settings.passwords import Place
from tests import factories

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEYS = ("key of today " * 4,)
TYPED = {"server": "SMTP.One.org. ", "way": "465-ssl", "username": "u", "password": "pass", "sender": "a@one.org"}
ME = "me@one.org"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """On both databases."""
    return factories.settings(tmp_path, database_url)


@pytest.fixture
def org(session: Session) -> Org:
    return session.scalars(select(Org).where(Org.name == "org-one")).one()


@pytest.fixture
def me(session: Session) -> int:
    return session.scalars(select(User.id).where(User.email == "admin@org-one.example.org")).one()


def entered(session: Session, org: Org, me: int, **changes: str) -> OrgTransport:
    return own_transports.have_tested(session, org.id, Given(**{**TYPED, **changes}), me, ME, KEYS, NOW)


def faults(session: Session, org: Org, me: int, **changes: str) -> set[str]:
    with pytest.raises(FieldsRefused) as refused:
        entered(session, org, me, **changes)
    return set(refused.value.faults)


def opened(row: OrgTransport) -> tuple[str, bool] | None:
    return passwords.open_(row.seal or b"", Place("org-one", row.server, row.port, row.username), KEYS)


def ends(session: Session, row: OrgTransport, *, passed: bool) -> None:
    own_transports.tested(session, row.id, own_server.answer(Step.SENT), NOW, passed=passed)
    session.refresh(row)


def test_what_is_typed_waits_for_the_worker(session: Session, org: Org, me: int) -> None:
    row = entered(session, org, me)
    assert (row.server, row.port, row.tls, row.username) == ("smtp.one.org", 465, "ssl", "u")
    assert (row.test, row.test_to, row.in_use) == ("waiting", ME, False)
    assert opened(row) == ("pass", False)
    assert own_transports.in_use(session) == {}


def test_a_test_is_taken_by_one_worker_and_again_when_that_one_died(session: Session, org: Org, me: int) -> None:
    row = entered(session, org, me)
    claimed = own_transports.claim_test(session, NOW)
    assert claimed is not None
    assert (claimed[0], claimed[1].id) == ("org-one", row.id)
    assert own_transports.claim_test(session, NOW + timedelta(minutes=1)) is None
    assert own_transports.claim_test(session, NOW + timedelta(minutes=5)) is not None
    ends(session, row, passed=False)
    assert not own_transports.waits(session, NOW + timedelta(days=1))


def test_it_is_used_when_this_very_one_passed(session: Session, org: Org, me: int) -> None:
    row = entered(session, org, me)
    for passed in (None, False):
        if passed is not None:
            ends(session, row, passed=passed)
        with pytest.raises(StaffRefused):
            own_transports.use(session, org.id, row.id, me, NOW)
    newer = entered(session, org, me)
    ends(session, newer, passed=True)
    with pytest.raises(StaffRefused):
        own_transports.use(session, org.id, row.id, me, NOW)
    own_transports.use(session, org.id, newer.id, me, NOW)
    assert {name: used.id for name, used in own_transports.in_use(session).items()} == {"org-one": newer.id}


def test_a_second_one_takes_the_place_of_the_first_and_the_sites_that_of_both(
    session: Session, org: Org, me: int
) -> None:
    for server in ("one.org", "two.org"):
        row = entered(session, org, me, server=server)
        ends(session, row, passed=True)
        own_transports.use(session, org.id, row.id, me, NOW)
        session.flush()
    assert [row.server for row in session.scalars(select(OrgTransport))] == ["two.org"]
    assert not own_transports.gave_up(session, "org-one")
    own_transports.remove(session, org.id, me, NOW)
    assert own_transports.known(session, org.id) == own_transports.Known(None, None)
    assert own_transports.gave_up(session, "org-one")
    events = select(AuditEntry.event).where(AuditEntry.event.like("settings-server%")).order_by(AuditEntry.id)
    said = ["test", "use", "test", "use", "remove"]
    assert session.scalars(events).all() == [f"settings-server-{act}" for act in said]
    assert "pass" not in str(session.scalars(select(AuditEntry.detail)).all())


def test_the_password_is_kept_for_the_same_place_and_for_no_other(session: Session, org: Org, me: int) -> None:
    entered(session, org, me)
    assert opened(entered(session, org, me, password="", sender="b@one.org")) == ("pass", False)
    assert faults(session, org, me, password="", server="evil.org") == {"password"}
    assert faults(session, org, me, password="", way="587-starttls") == {"password"}
    assert faults(session, org, me, password="", username="other") == {"password"}


def test_another_org_uses_none_of_it(session: Session, org: Org, me: int) -> None:
    row = entered(session, org, me)
    ends(session, row, passed=True)
    other = session.scalars(select(Org).where(Org.name == "org-two")).one()
    with pytest.raises(StaffRefused):
        own_transports.use(session, other.id, row.id, me, NOW)
    own_transports.remove(session, other.id, me, NOW)
    assert own_transports.known(session, org.id).tried is row


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(({"server": typed}, "server") for typed in ("", "https://one.org", "one.org:587", "10.0.0.1", "a b", "::1")),
        *(({"way": typed}, "way") for typed in ("", "22-starttls", "587-none")),
        *(({"sender": typed}, "server_from") for typed in ("", "one", "a@one.org, b@one.org")),
        ({"username": ""}, "username"),
        ({"username": "u\r\nMAIL"}, "username"),
        ({"password": "p" * 501}, "password"),
        ({"password": "", "server": "new.org"}, "password"),
    ],
)
def test_what_does_not_pass_has_its_sentence(session: Session, org: Org, me: int, changes: dict, field: str) -> None:
    assert faults(session, org, me, **changes) == {field}
    assert session.scalars(select(OrgTransport)).all() == []


def test_a_server_without_a_login_needs_no_password(session: Session, org: Org, me: int) -> None:
    assert entered(session, org, me, username="", password="").seal is None


@pytest.mark.parametrize("step", list(Step))
def test_every_outcome_has_its_meaning(step: Step) -> None:
    kept = own_server.answer(step, 535, b"5.7.8 u@one.org secret\r\n\xff", ["secret", ""])
    assert kept == f"{step} 535 5.7.8 ... ..."
    assert own_server.meaning(kept).text
    assert own_server.words(kept) == "535 5.7.8 ... ..."
    assert len(own_server.answer(step, 1, "x" * 10_000)) == own_server.LONGEST_ANSWER
