"""What pages say, what the console counts, and who is told that pages are refused."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import gettext
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from proca_web.domain.errors import CampaignNotFound
from proca_web.domain.pages.privacy import Receiver
from proca_web.domain.words import DayEvent, KeyEvent
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, ConsentText, Org, OutboxMail, PublicKey, User
from proca_web.services import heartbeats
from proca_web.services.petitions import campaigns, counting, overview, refusals, wordings

ON_TIME = {"mail_is_stalled": lambda _org: False}
NOW = datetime.now(UTC)


def named(session: Session, kind: type, name: str) -> object:
    return session.scalars(select(kind).where(kind.name == name)).one()


def end_key_of(session: Session, name: str) -> None:
    key = session.scalars(select(PublicKey).join(Org).where(Org.name == name, PublicKey.kind == "recipient")).one()
    key.status = "revoked"
    session.flush()


# Wordings


def test_a_wording_that_says_the_same_is_not_replaced(session: Session) -> None:
    page = named(session, ActionPage, "trees-partner")
    before = wordings.current(session, page.id)
    assert not wordings.refresh(session, page, gettext, encryption.vouching, NOW)
    assert wordings.current(session, page.id) is before


def test_a_changed_wording_replaces_the_old_one_which_is_kept(session: Session) -> None:
    page = named(session, ActionPage, "trees-partner")
    before = wordings.current(session, page.id)
    page.org.retention = "We keep signatures for a day."
    assert wordings.refresh(session, page, gettext, encryption.vouching, NOW)
    session.flush()
    after = wordings.current(session, page.id)
    assert (before.valid_until, after.valid_from, after.valid_until) == (NOW, NOW, None)
    assert wordings.body_of(session, before.hash) == before.body
    assert "We keep signatures for a day." in after.body


def test_an_optional_org_that_cannot_receive_is_not_asked_about(session: Session) -> None:
    page = named(session, ActionPage, "trees-partner")
    lead = Receiver.LEAD.field
    assert lead in {box.field for box in wordings.compose(session, page, gettext, encryption.vouching, NOW).boxes}
    end_key_of(session, "org-one")
    assert lead not in {box.field for box in wordings.compose(session, page, gettext, encryption.vouching, NOW).boxes}


def test_a_page_of_the_lead_alone_has_one_org(session: Session) -> None:
    own, partner = named(session, ActionPage, "trees"), named(session, ActionPage, "trees-partner")
    assert [org.name for org in wordings.orgs_of(own).values()] == ["org-one"]
    assert {part: org.name for part, org in wordings.orgs_of(partner).items()} == {
        Receiver.COLLECTOR: "org-two",
        Receiver.LEAD: "org-one",
    }
    assert (wordings.distribution_of(own).split, wordings.distribution_of(partner).split) == (False, True)


# Refusals


def test_orgs_without_which_a_live_page_takes_nothing_are_named(session: Session) -> None:
    assert refusals.lacking(session, encryption.vouching, NOW) == set()
    end_key_of(session, "org-one")
    assert refusals.lacking(session, encryption.vouching, NOW) == {"org-one"}
    named(session, ActionPage, "trees").status = "draft"
    session.flush()
    assert refusals.lacking(session, encryption.vouching, NOW) == set()


def test_owner_and_operator_hear_of_a_refusal_once_a_day(session: Session) -> None:
    assert not refusals.is_told(session, "org-one", NOW)
    for _ in range(2):
        refusals.tell(session, ["org-one", "nobody"], NOW)
    told = session.execute(select(OutboxMail.kind, User.email).join(User, User.id == OutboxMail.user_id)).all()
    about = [email for kind, email in told if kind == KeyEvent.LACKING.told]
    assert sorted(about) == ["admin@org-one.example.org", "operator@example.org"]
    assert refusals.is_told(session, "org-one", NOW)
    assert not refusals.is_told(session, "org-one", NOW + timedelta(days=1))
    assert not refusals.is_told(session, "org-two", NOW)
    assert refusals.is_told(session, "nobody", NOW)


# Overview


def test_an_org_sees_the_campaigns_it_takes_part_in(session: Session) -> None:
    counting.add(session, named(session, ActionPage, "trees").id, DayEvent.CONFIRMED, NOW, 3)
    lead, partner = named(session, Org, "org-one"), named(session, Org, "org-two")
    (seen,) = overview.campaigns_of(session, lead.id, encryption.vouching, NOW, **ON_TIME)
    assert (seen.name, seen.leads, {page.name for page in seen.pages}) == ("trees", True, {"trees", "trees-partner"})
    assert [day.confirmed for day in seen.days] == [0] * 29 + [3]
    (seen,) = overview.campaigns_of(session, partner.id, encryption.vouching, NOW, **ON_TIME)
    assert not seen.leads
    assert overview.campaign_names_of(session, partner.id) == [("trees", "Street trees")]
    assert overview.campaigns_of(session, named(session, Org, "home").id, encryption.vouching, NOW, **ON_TIME) == []


def test_the_operator_sees_signs_of_life_and_who_can_receive(session: Session) -> None:
    seen = overview.instance(session, encryption.vouching, NOW)
    assert (seen.worker_seen_at, seen.waiting, seen.readable, seen.oldest_readable) == (None, {}, 0, None)
    assert [(org.name, org.fingerprint is not None) for org in seen.orgs] == [("org-one", True), ("org-two", True)]
    heartbeats.beat(session, "worker", NOW)
    end_key_of(session, "org-two")
    seen = overview.instance(session, encryption.vouching, NOW)
    assert seen.worker_seen_at == NOW
    assert [(org.name, org.fingerprint is not None) for org in seen.orgs] == [("org-one", True), ("org-two", False)]


# Counting and signs of life


def test_counts_add_up_and_a_recount_puts_them_right(session: Session) -> None:
    campaign = named(session, Campaign, "trees")
    counting.count(session, campaign.id, 5, NOW)
    counting.uncount(session, campaign.id, NOW, is_unasked=False)
    number = select(Campaign.supporter_count).where(Campaign.id == campaign.id)
    assert session.scalar(number) == 4
    counting.recount(session, NOW)
    assert session.scalar(number) == 0
    assert session.scalar(select(func.count()).select_from(ConsentText)) == 2


def test_a_recount_is_due_a_day_after_the_last_one(session: Session) -> None:
    assert not heartbeats.is_recount_due(session, NOW)  # the first sweep only begins to count days
    assert not heartbeats.is_recount_due(session, NOW + timedelta(hours=23))
    assert heartbeats.is_recount_due(session, NOW + timedelta(hours=24))
    assert not heartbeats.is_recount_due(session, NOW + timedelta(hours=25))


def test_a_beat_replaces_the_last_one_of_its_kind(session: Session) -> None:
    assert heartbeats.last_beat(session, "worker") is None
    heartbeats.beat(session, "worker", NOW - timedelta(minutes=1))
    heartbeats.beat(session, "worker", NOW)
    heartbeats.beat(session, "other", NOW - timedelta(days=1))
    assert heartbeats.last_beat(session, "worker") == NOW


def test_a_page_of_campaigns_ends_where_the_next_one_begins(session: Session) -> None:
    lead = named(session, Org, "org-one")
    assert isinstance(lead, Org)
    for number in range(overview.CAMPAIGNS_A_PAGE + 3):
        campaigns.add_campaign(session, f"c{number}", f"Campaign {number}", lead, NOW)
    session.flush()
    first = overview.campaigns_of(session, lead.id, encryption.vouching, NOW, **ON_TIME)
    assert len(first) == overview.CAMPAIGNS_A_PAGE + 1
    second = overview.campaigns_of(session, lead.id, encryption.vouching, NOW, before=first[-2].id, **ON_TIME)
    assert second[0].id == first[-1].id
    assert [status.name for status in second] == ["c3", "c2", "c1", "c0", "trees"][-len(second) :]


def add_pages(session: Session, campaign: Campaign, org: Org, number: int) -> None:
    """So many live pages more."""
    like = campaign.pages[0]
    same = {"locale": "en", "demand": like.demand, "fields": like.fields, "required": like.required, "created_at": NOW}
    session.execute(
        insert(ActionPage),
        [
            {"name": f"{campaign.name}-{at}", "title": f"Page {at}", "status": "live", **same}
            | {"campaign_id": campaign.id, "org_id": org.id}
            for at in range(number)
        ],
    )


def test_pages_of_a_campaign_end_where_the_next_ones_begin(session: Session) -> None:
    lead, trees = named(session, Org, "org-one"), named(session, Campaign, "trees")
    assert isinstance(lead, Org)
    assert isinstance(trees, Campaign)
    add_pages(session, trees, lead, overview.PAGES_A_PAGE + 3)
    other = campaigns.add_campaign(session, "rivers", "Rivers", lead, NOW)
    session.flush()
    rivers, listed = overview.campaigns_of(session, lead.id, encryption.vouching, NOW, **ON_TIME)
    assert (rivers.name, rivers.pages, rivers.more_after) == (other.name, [], None)
    assert len(listed.pages) == overview.PAGES_OF_EACH
    first = overview.campaign_of(session, lead.id, "trees", encryption.vouching, NOW, **ON_TIME)
    assert first.pages[: len(listed.pages)] == listed.pages
    rest = overview.campaign_of(session, lead.id, "trees", encryption.vouching, NOW, first.more_after or 0, **ON_TIME)
    seen = [page.name for page in (*first.pages, *rest.pages)]
    assert seen == ["trees", "trees-partner", *(f"trees-{at}" for at in range(overview.PAGES_A_PAGE + 3))]
    assert (len(first.pages), rest.more_after) == (overview.PAGES_A_PAGE, None)


def test_a_campaign_is_stopped_by_its_pages_also_by_those_that_are_not_shown(session: Session) -> None:
    partner, trees = named(session, Org, "org-two"), named(session, Campaign, "trees")
    assert isinstance(partner, Org)
    assert isinstance(trees, Campaign)
    end_key_of(session, "org-one")
    named(session, ActionPage, "trees-partner").status = "draft"
    (stopped,) = overview.campaigns_of(session, partner.id, encryption.vouching, NOW, **ON_TIME)
    assert (stopped.status, [page.status for page in stopped.pages]) == ("stopped", ["stopped", "draft"])
    add_pages(session, trees, partner, overview.PAGES_OF_EACH)
    (seen,) = overview.campaigns_of(session, partner.id, encryption.vouching, NOW, **ON_TIME)
    assert seen.status == "live"


def test_nobody_sees_a_campaign_that_the_org_has_no_part_in(session: Session) -> None:
    for org, name in (("home", "trees"), ("org-one", "nowhere")):
        with pytest.raises(CampaignNotFound):
            overview.campaign_of(session, named(session, Org, org).id, name, encryption.vouching, NOW, **ON_TIME)


def test_days_of_several_campaigns_are_kept_apart(session: Session) -> None:
    lead, trees = named(session, Org, "org-one"), named(session, Campaign, "trees")
    assert isinstance(lead, Org)
    assert isinstance(trees, Campaign)
    other = campaigns.add_campaign(session, "rivers", "Rivers", lead, NOW)
    session.flush()
    counting.add(session, trees.pages[0].id, DayEvent.CONFIRMED, NOW, 7)
    found = counting.per_day(session, [trees.id, other.id], NOW.date(), 2)
    assert [day.confirmed for day in found[trees.id]] == [0, 7]
    assert [day.confirmed for day in found[other.id]] == [0, 0]
