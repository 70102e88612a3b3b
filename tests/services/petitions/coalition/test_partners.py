"""Who takes part in a campaign: invited, joined, declined, ended; each told to both orgs and kept in both records."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.domain.campaign_words import PartnerState
from proca_web.domain.errors import BadSetting, CampaignRefused, FieldsRefused, PartnershipOver
from proca_web.extensions import db, encryption
from proca_web.models import ActionPage, AuditEntry, MailText, OutboxMail, Partner, Picture, User
from proca_web.services.petitions import pages
from proca_web.services.petitions.making import places
from proca_web.services.petitions.making.coalition import approving, ending, inviting, joining, partners
from proca_web.services.staff.joining import Newcomer
from tests import factories
from tests.databases import ON_BOTH
from tests.factories import World
from tests.services.petitions.coalition.acting import NOW, org, page, trees

KEYS = ("a key",)
NEWCOMER = Newcomer("Emre Aydın", "a hash")


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.app.test_request_context(), force_locale("en"), writing() as session:
        factories.add_org(session, "org-three", None, NOW)
        yield session


def me(session: Session, email: str = "admin@org-one.example.org") -> int:
    return session.scalars(select(User.id).where(User.email == email)).one()


def invited(session: Session, name: str = "org-three", email: str = "") -> Partner:
    return inviting.invite(session, trees(session), me(session), name, email, NOW)


def joined(session: Session) -> ActionPage:
    return joining.accept(session, org(session, "org-three"), invited(session).id, None, NOW)


def events(session: Session, name: str) -> list[str]:
    query = select(AuditEntry.event).where(AuditEntry.org_id == org(session, name).id, AuditEntry.event.like("part%"))
    return list(session.scalars(query.order_by(AuditEntry.number)))


def end(session: Session, name: str) -> None:
    ending.end(session, trees(session), org(session, name), None, lambda page: None, encryption.vouching, NOW)


def states(session: Session) -> dict[str, PartnerState]:
    return {part.title: part.state for part in partners.of_campaign(session, trees(session))}


def test_an_org_with_a_page_takes_part_however_the_page_was_made(session: Session) -> None:
    lead, other = partners.of_campaign(session, trees(session))
    assert (lead.title, lead.leads, other.title, other.leads) == ("Org One", True, "Org Two", False)
    assert [each.name for each in other.pages] == ["trees-partner"]
    assert partners.takes_part(session, trees(session), org(session, "org-two").id)
    assert not partners.takes_part(session, trees(session), org(session, "org-three").id)


@ON_BOTH
@pytest.mark.parametrize("typed", ["org-three", "ORG Three "])
def test_an_org_that_is_here_joins_with_a_copy_of_the_leads_page(session: Session, typed: str) -> None:
    source = page(session, "trees")
    hero = Picture(org_id=source.org_id, kind="hero", sizes=[], created_at=NOW)
    mail = MailText(page_id=source.id, kind="confirm", subject="Hello", body="{link}", edited_at=NOW)
    session.add_all([hero, mail])
    session.flush()
    source.hero_id, source.questions, source.share_texts = hero.id, {"opt_in": "May %(org)s?"}, {"mail": "Look"}
    waits = invited(session, typed)
    assert (waits.org_id, waits.state, waits.until) == (
        org(session, "org-three").id,
        "invited",
        NOW + timedelta(days=14),
    )
    made = joining.accept(session, org(session, "org-three"), waits.id, None, NOW)
    assert (made.name, made.slug, made.status, made.org.name) == (
        "trees-org-three",
        "trees-org-three",
        "draft",
        "org-three",
    )
    assert (made.title, made.hero_id, made.questions) == (source.title, source.hero_id, source.questions)
    assert session.scalars(select(MailText.subject).where(MailText.page_id == made.id)).all() == ["Hello"]
    assert states(session) == {"Org One": "joined", "Org Two": "joined", "Org Three": "joined"}
    assert events(session, "org-one") == events(session, "org-three") == ["partner-invite", "partner-join"]
    assert places.campaign_of(session, made.org_id, "trees").id == made.campaign_id


def test_the_copy_has_the_copies_that_partners_pages_have(session: Session) -> None:
    trees(session).partner_delivery = False
    assert joined(session).delivery is False


def test_who_runs_campaigns_there_is_told_and_nobody_else(session: Session) -> None:
    inviting.invite(session, trees(session), me(session), "org-three", "", NOW)
    assert session.scalars(select(OutboxMail)).all() == []  # nobody is on its staff
    end(session, "org-two")
    mails = session.scalars(select(OutboxMail)).all()
    assert {(mail.kind, mail.user_id) for mail in mails} == {
        ("partner-end", me(session)),
        ("partner-end", me(session, "admin@org-two.example.org")),
    }


@pytest.mark.parametrize(
    ("typed", "email", "field", "said"),
    [
        ("org-one", "", "org", "your own"),
        ("org-two", "", "org", "takes part already"),
        ("org-four", "", "org", "No organisation here"),
        ("home", "", "org", "No organisation here"),
        ("", "", "org", "Choose an organisation"),
        ("Org Four", "no address", "email", ""),
        ("", "office@org-four.example.org", "org", "in one line"),
    ],
)
def test_what_cannot_be_invited_is_said_at_its_field(
    session: Session, typed: str, email: str, field: str, said: str
) -> None:
    with pytest.raises(FieldsRefused) as refused:
        invited(session, typed, email)
    assert said in refused.value.faults[field].text


def test_nobody_is_invited_twice(session: Session) -> None:
    for typed, email, field in (("org-three", "", "org"), ("Org Four", "office@org-four.example.org", "email")):
        invited(session, typed, email)
        with pytest.raises(FieldsRefused) as refused:
            invited(session, typed, email)
        assert "already" in refused.value.faults[field].text


def test_two_orgs_of_one_title_are_told_apart_by_their_names(session: Session) -> None:
    factories.add_org(session, "org-3", None, NOW).title = "Org Three"
    session.flush()
    with pytest.raises(FieldsRefused) as refused:
        invited(session, "Org Three")
    assert "Several" in refused.value.faults["org"].text
    assert invited(session, "org-3").org_id == org(session, "org-3").id


def test_without_a_page_of_its_own_or_when_closed_a_lead_invites_nobody(session: Session) -> None:
    campaign = trees(session)
    campaign.status = "closed"
    with pytest.raises(CampaignRefused, match="closed"):
        invited(session)
    campaign.status = "live"
    campaign.org_id = org(session, "org-three").id
    session.flush()
    session.refresh(campaign)
    with pytest.raises(CampaignRefused, match="your own page first"):
        invited(session, "org-one")


def link(session: Session) -> tuple[Partner, str]:
    waits = invited(session, "Org Four", "office@org-four.example.org")
    return waits, joining.token("a key", waits.id, waits.email)


def test_somebody_new_founds_an_org_and_joins_in_one_step(session: Session) -> None:
    waits, token = link(session)
    made, user = joining.found_by_link(session, KEYS, token, "Årsta & Söner!", NOW, newcomer=NEWCOMER)
    assert (made.org.name, made.org.title, user.email) == (
        "arsta-soner",
        "Årsta & Söner!",
        "office@org-four.example.org",
    )
    assert [(place.org.name, place.role) for place in user.memberships] == [("arsta-soner", "owner")]
    assert (waits.state, waits.org_id, made.name) == ("joined", made.org_id, "trees-arsta-soner")
    operators = session.scalars(select(OutboxMail).where(OutboxMail.kind == "people-org-add")).all()
    assert [json.loads(mail.detail)["email"] for mail in operators] == ["office@org-four.example.org"]
    with pytest.raises(PartnershipOver, match="used already"):
        joining.found_by_link(session, KEYS, token, "Again", NOW, newcomer=NEWCOMER)


def test_who_has_an_account_accepts_for_an_org_whose_campaigns_they_run(session: Session) -> None:
    waits, token = link(session)
    mine = me(session, "admin@org-two.example.org")
    assert joining.orgs_to_join_with(session, mine, waits) == []  # it takes part already
    end(session, "org-two")
    assert [each.name for each in joining.orgs_to_join_with(session, mine, waits)] == ["org-two"]
    with pytest.raises(CampaignRefused, match="an organisation of yours"):
        joining.accept_by_link(session, KEYS, token, "org-three", mine, NOW)
    made = joining.accept_by_link(session, KEYS, token, "org-two", mine, NOW)
    assert (made.name, waits.state, states(session)["Org Two"]) == ("trees-org-two", "joined", "joined")


def test_a_link_is_good_for_fourteen_days_and_not_for_another_invitation(session: Session) -> None:
    waits, token = link(session)
    joining.require_open(joining.find(session, ("new", *KEYS), token), NOW + timedelta(days=14, seconds=-1))
    with pytest.raises(PartnershipOver, match="run out"):
        joining.decline_by_link(session, KEYS, token, NOW + timedelta(days=14))
    for wrong in (
        "x",
        "A" * 43,
        joining.token("other", waits.id, waits.email),
        joining.token("a key", waits.id, "a@b.c"),
    ):
        with pytest.raises(PartnershipOver, match="opens no invitation"):
            joining.find(session, KEYS, wrong)
    inviting.send_again(session, trees(session), waits.id, me(session), NOW + timedelta(days=20))
    assert joining.decline_by_link(session, KEYS, token, NOW + timedelta(days=33)).state == "declined"


def test_what_opens_a_link_is_not_in_the_database(session: Session) -> None:
    _, token = link(session)
    (mail,) = session.scalars(select(OutboxMail)).all()
    assert mail.email == "office@org-four.example.org"
    assert token not in mail.detail + mail.once


@ON_BOTH
def test_what_was_taken_back_cannot_be_accepted_and_what_was_accepted_cannot_be_taken_back(session: Session) -> None:
    waits, three = invited(session), org(session, "org-three")
    inviting.withdraw(session, trees(session), waits.id, me(session), NOW)
    with pytest.raises(PartnershipOver, match="taken back"):
        joining.accept(session, three, waits.id, None, NOW)
    again = invited(session)
    joining.accept(session, three, again.id, None, NOW)
    with pytest.raises(CampaignRefused, match="accepted meanwhile"):
        inviting.withdraw(session, trees(session), again.id, me(session), NOW)
    with pytest.raises(PartnershipOver, match="used already"):
        joining.accept(session, three, again.id, None, NOW)


def test_an_invitation_is_nobody_elses_to_answer(session: Session) -> None:
    waits = invited(session)
    for act in (joining.accept, joining.decline):
        with pytest.raises(PartnershipOver, match="no such"):
            act(session, org(session, "org-two"), waits.id, None, NOW)
    assert waits.state == "invited"
    assert joining.of_org(session, org(session, "org-two").id, NOW) == []
    assert joining.of_org(session, org(session, "org-three").id, NOW) == [waits]
    joining.decline(session, org(session, "org-three"), waits.id, None, NOW)
    assert states(session)["Org Three"] == "declined"


@ON_BOTH
def test_the_lead_approves_what_it_saw_and_any_change_needs_another_yes(session: Session) -> None:
    made, campaign = joined(session), trees(session)
    assert approving.is_approved(session, page(session, "trees"))
    assert not approving.is_approved(session, made)
    seen = approving.mark(session, made)
    made.demand = "Something else"
    session.flush()
    with pytest.raises(CampaignRefused, match="was changed while"):
        approving.approve(session, campaign, made, seen, me(session), NOW)
    approving.approve(session, campaign, made, approving.mark(session, made), me(session), NOW)
    assert approving.is_approved(session, made)
    for name, value in (
        ("body", "New"),
        ("fields", ["first_name", "email"]),
        ("questions", {"opt_in": "?"}),
        ("delivery", False),
    ):
        before = getattr(made, name)
        setattr(made, name, value)
        session.flush()
        assert not approving.is_approved(session, made), name
        setattr(made, name, before)
    session.flush()
    assert approving.is_approved(session, made)


@ON_BOTH
def test_the_pages_of_an_ended_partner_close_for_good_and_others_go_on(session: Session) -> None:
    made = joined(session)
    approving.approve(session, trees(session), made, approving.mark(session, made), me(session), NOW)
    end(session, "org-three")
    assert (made.status, page(session, "trees-partner").status, page(session, "trees").status) == (
        "closed",
        "live",
        "live",
    )
    assert not approving.is_approved(session, made)
    with pytest.raises(BadSetting, match="does not take part"):
        pages.open_page(session, made, str, encryption.vouching, NOW)
    with pytest.raises(CampaignRefused, match="any more"):
        end(session, "org-three")
    assert states(session)["Org Three"] == "ended"
    assert events(session, "org-three")[-1] == events(session, "org-one")[-1] == "partner-end"
    end(session, "org-two")  # which never was invited
    assert (states(session)["Org Two"], page(session, "trees-partner").status) == ("ended", "closed")


def test_the_lead_cannot_be_ended(session: Session) -> None:
    with pytest.raises(CampaignRefused):
        end(session, "org-one")


def test_who_took_part_before_can_join_anew(session: Session) -> None:
    first = joined(session)
    end(session, "org-three")
    second = joined(session)
    assert (first.name, second.name, states(session)["Org Three"]) == ("trees-org-three", "trees-org-three-2", "joined")


def test_people_are_read_from_the_counted_events(world: World) -> None:
    for client, email in ((world.app.test_client(), "one@example.org"), (world.app.test_client(), "two@example.org")):
        assert world.sign(client, "trees-partner", email=email).status_code == 303
        world.run("mail")
        client.post(world.link(email))
        world.run("release")
    with world.app.app_context(), writing() as session:
        found = {each.id: each.name for each in session.scalars(db.select(ActionPage))}
        signed = partners.signed_on(session, session.scalars(db.select(ActionPage)).all())
        assert {found[each]: number for each, number in signed.items() if number} == {"trees-partner": 2}
