"""Pausing, going on and ending: what is allowed when, and what the record says."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting
from proca_web.extensions import encryption
from proca_web.models import ActionPage, AuditEntry, Campaign
from proca_web.services.petitions import campaigns
from proca_web.services.petitions.making import states
from proca_web.services.petitions.showing import standing

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def page(session: Session) -> ActionPage:
    return session.scalars(select(ActionPage).where(ActionPage.name == "trees")).one()


def recorded(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.event).order_by(AuditEntry.id.desc()).limit(3)))[::-1]


def test_a_page_pauses_goes_on_and_ends(session: Session, page: ActionPage) -> None:
    for act in (states.pause_page, states.close_page):
        act(session, page, None, NOW)
        with pytest.raises(BadSetting):
            states.pause_page(session, page, None, NOW)
        states.reopen_page(session, page, gettext, encryption.vouching, None, NOW)
        assert page.status == "live"
    assert recorded(session) == ["page-reopen", "page-close", "page-reopen"]
    with pytest.raises(BadSetting, match="trees is live"):
        states.reopen_page(session, page, gettext, encryption.vouching, None, NOW)


def test_a_campaign_pauses_goes_on_and_ends(session: Session, page: ActionPage) -> None:
    campaign = page.campaign
    states.pause_campaign(session, campaign, None, NOW)
    assert standing.plan_of(campaign, NOW, page) == ("paused",)
    states.reopen_campaign(session, campaign, None, NOW)
    states.close_campaign(session, campaign, None, NOW)
    assert recorded(session) == ["campaign-pause", "campaign-reopen", "campaign-close"]
    states.reopen_campaign(session, campaign, None, NOW)
    assert (campaign.status, campaign.closed_at) == ("live", None)


def test_a_campaign_that_is_over_does_not_go_on(session: Session, page: ActionPage) -> None:
    campaign = page.campaign
    states.close_campaign(session, campaign, None, NOW)
    campaign.closes_at = NOW - HOUR
    with pytest.raises(BadSetting, match="closing date"):
        states.reopen_campaign(session, campaign, None, NOW)
    campaign.closes_at, campaign.forgotten_at = None, NOW
    with pytest.raises(BadSetting, match="nobody knows who signed"):
        states.reopen_campaign(session, campaign, None, NOW)


def test_a_closing_date_ends_a_campaign_as_of_that_date(session: Session, page: ActionPage) -> None:
    campaign = page.campaign
    campaign.closes_at = NOW + HOUR
    session.flush()
    assert states.close_due(session, NOW) == 0
    assert states.close_due(session, NOW + 2 * HOUR) == 1
    assert (campaign.status, campaign.closed_at) == ("closed", NOW + HOUR)
    assert states.close_due(session, NOW + 2 * HOUR) == 0


def test_a_draft_is_not_ended_by_its_date(session: Session, page: ActionPage) -> None:
    page.campaign.status, page.campaign.closes_at = "draft", NOW - HOUR
    session.flush()
    assert states.close_due(session, NOW) == 0


def test_a_campaign_closes_after_it_opens(session: Session) -> None:
    campaign = session.scalars(select(Campaign)).one()
    with pytest.raises(BadSetting, match="closes after it opens"):
        campaigns.edit_campaign(campaign, {"opens_at": NOW, "closes_at": NOW})
    campaigns.edit_campaign(campaign, {"opens_at": NOW, "closes_at": NOW + HOUR, "goal": 5000})
    assert (campaign.goal, campaign.closes_at) == (5000, NOW + HOUR)
