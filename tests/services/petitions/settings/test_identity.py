"""What an org says about itself: every field judged by itself, every change in the record, no address of others."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import MailTest, PictureKind
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.pages.pictures import LOGO_PLAN, Drawn
from proca_web.models import AuditEntry, Org, OrgTransport, Picture
from proca_web.services.petitions.settings import identity

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
INSTANCE = "petitions@host.org"
LOGO = [Drawn(plan, b"drawn" + bytes([at])) for at, plan in enumerate(LOGO_PLAN)]


@pytest.fixture
def org(session: Session) -> Org:
    return session.scalars(select(Org).where(Org.name == "org-one")).one()


def save(session: Session, org: Org, **given: str) -> None:
    identity.save(session, org.id, given, None, NOW, of_instance=INSTANCE)


def faults(session: Session, org: Org, **given: str) -> set[str]:
    with pytest.raises(FieldsRefused) as refused:
        save(session, org, **given)
    return set(refused.value.faults)


def entries(session: Session) -> list[tuple[str, str]]:
    found = session.scalars(select(AuditEntry).where(AuditEntry.event.like("settings%")).order_by(AuditEntry.id))
    return [(entry.event, entry.detail) for entry in found]


def test_everything_an_org_says_is_changed_and_recorded_with_what_it_was(session: Session, org: Org) -> None:
    contact = "Mill Street 4\r\n12345 Lindenau,\n\n"
    save(session, org, title=" Org  Uno ", legal_contact=contact, color="#ABC", time_zone="berlin", reply_to="a@a.org")
    assert (org.title, org.legal_contact, org.color) == ("Org Uno", "Mill Street 4, 12345 Lindenau", "#aabbcc")
    assert (org.time_zone, org.reply_to) == ("Europe/Berlin", "a@a.org")
    ((event, detail),) = entries(session)
    assert event == "settings-edit"
    assert '"name": ["Org One", "Org Uno"]' in detail
    assert '"time zone": ["UTC", "Europe/Berlin"]' in detail
    assert "privacy page" not in detail, "what stays as it was is not told"


def test_saving_what_is_there_changes_nothing(session: Session, org: Org) -> None:
    save(session, org, **identity.shown(org))
    save(session, org, color="#0b6e4f")
    assert entries(session) == []
    assert org.color == ""


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("title", ""),
        ("title", "x" * 10_000),
        ("title", "<script>alert(1)</script>"),
        ("legal_name", "a\x00b"),
        ("legal_contact", ""),
        ("privacy_url", "javascript:alert(1)"),
        ("privacy_url", "example.org"),
        ("retention", " "),
        ("mail_name", "Bank <help@bank.example>"),
        ("mail_name", "help＠bank.org"),
        ("reply_to", "a@one.org, b@one.org"),
        ("color", "green; }"),
        ("locale", "xx"),
        ("time_zone", "Middle-earth/Shire"),
        ("time_zone", "../../etc/passwd"),
    ],
)
def test_what_does_not_pass_has_its_sentence_and_changes_nothing(
    session: Session, org: Org, field: str, typed: str
) -> None:
    before = identity.shown(org)
    assert faults(session, org, **{field: typed, "time_zone" if field != "time_zone" else "title": "Europe/Oslo"}) == {
        field
    }
    assert identity.shown(org) == before
    assert entries(session) == []


def test_a_title_that_runs_the_other_way_is_kept(session: Session, org: Org) -> None:
    save(session, org, title="أشجار")
    assert org.title == "أشجار"


@pytest.mark.parametrize("address", ["a@elsewhere.org", "a@sub.host.org", "postmaster@host.org", "abuse@host.org"])
def test_owners_do_not_send_in_the_name_of_others(session: Session, org: Org, address: str) -> None:
    assert faults(session, org, mail_from=address) == {"mail_from"}
    identity.save(session, org.id, {"mail_from": address}, None, NOW, of_instance=INSTANCE, may_send_from_any=True)
    assert org.mail_from == address
    save(session, org, mail_from=address, title="As it is")  # what whoever runs the site gave them stays


def test_owners_do_not_send_in_the_name_of_another_org(session: Session, org: Org) -> None:
    other = session.scalars(select(Org).where(Org.name == "org-two")).one()
    other.mail_from = "two@host.org"
    session.flush()
    assert faults(session, org, mail_from="two@host.org") == {"mail_from"}
    save(session, org, mail_from="one@host.org")
    assert org.mail_from == "one@host.org"


def test_owners_send_from_the_domain_of_a_server_they_hold(session: Session, org: Org) -> None:
    held = {"server": "smtp.one.org", "port": 587, "tls": "starttls", "mail_from": "a@one.org", "test_to": "a@one.org"}
    row = OrgTransport(org_id=org.id, test=MailTest.PASSED, created_at=NOW, **held)
    session.add(row)
    session.flush()
    assert faults(session, org, mail_from="trees@one.org") == {"mail_from"}, "not before it is in use"
    row.in_use = True
    session.flush()
    save(session, org, mail_from="trees@one.org")
    assert identity.sending_domains(session, org.id, INSTANCE) == ["host.org", "one.org"]


def test_a_logo_comes_and_goes(session: Session, org: Org) -> None:
    identity.save(session, org.id, {}, None, NOW, of_instance=INSTANCE, logo=LOGO)
    assert session.scalars(select(Picture.kind)).all() == [PictureKind.LOGO]
    for _ in range(2):
        identity.save(session, org.id, {}, None, NOW, of_instance=INSTANCE, without_logo=True)
    assert session.scalars(select(Picture.kind)).all() == []
    assert [event for event, _ in entries(session)] == ["settings-picture"] * 2
