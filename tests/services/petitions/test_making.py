"""Orgs, campaigns and pages are made: names, links, and what the Home Org must not own."""

from datetime import UTC, datetime

import pytest
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting, HomeCannotReceive, NameTaken, NoActiveKey
from proca_web.domain.words import Publication
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, ConsentText, Org
from proca_web.services.petitions import campaigns, names, orgs, pages
from tests.factories import page_settings

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def named(session: Session, kind: type, name: str) -> object:
    return session.scalars(select(kind).where(kind.name == name)).one()


@pytest.mark.parametrize("name", ["a", "street-trees", "2027", "a" * 64])
def test_a_name_is_small_letters_digits_and_single_dashes(name: str) -> None:
    names.check_name(name)


@pytest.mark.parametrize("name", ["", "A", "street trees", "a--b", "-a", "a-", "ä", "a/b", "a" * 65, "a\n"])
def test_anything_else_is_no_name(name: str) -> None:
    with pytest.raises(BadSetting, match="is no name"):
        names.check_name(name)


@pytest.mark.parametrize("url", ["", "https://org.example.org", "http://org.example.org/a?b=c#d"])
def test_a_link_is_a_web_address_or_nothing(url: str) -> None:
    names.check_link(url)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "org.example.org", "https://", "https:///a", "http://a b", " "])
def test_anything_else_is_no_link(url: str) -> None:
    with pytest.raises(BadSetting, match="is no web address"):
        names.check_link(url)


def test_a_name_is_taken_once(session: Session) -> None:
    campaign, org = named(session, Campaign, "trees"), named(session, Org, "org-one")
    with pytest.raises(NameTaken, match="an org org-one"):
        orgs.add_org(session, "org-one", "Another", NOW)
    with pytest.raises(NameTaken, match="a campaign trees"):
        campaigns.add_campaign(session, "trees", "Another", org, NOW)
    with pytest.raises(NameTaken, match="a page trees"):
        pages.add_page(session, "trees", campaign, org, page_settings(), NOW)


def test_the_home_org_leads_nothing_and_collects_nothing(session: Session) -> None:
    home, campaign = named(session, Org, "home"), named(session, Campaign, "trees")
    with pytest.raises(HomeCannotReceive):
        campaigns.add_campaign(session, "bees", "Bees", home, NOW)
    with pytest.raises(HomeCannotReceive):
        pages.add_page(session, "bees", campaign, home, page_settings(), NOW)
    orgs.refuse_home(named(session, Org, "org-one"))


def test_a_notice_is_kept_and_its_links_are_checked(session: Session) -> None:
    org = orgs.add_org(session, "org-six", "Org Six", NOW)
    orgs.set_notice(
        org, legal_name="Org Six e.V.", privacy_url="https://six.example.org", reply_to="Hello@six.example.org"
    )
    assert (org.legal_name, org.privacy_url, org.retention) == ("Org Six e.V.", "https://six.example.org", "")
    assert org.reply_to == "Hello@six.example.org"
    with pytest.raises(BadSetting, match="is no web address"):
        orgs.set_notice(org, privacy_url="javascript:alert(1)")
    with pytest.raises(BadSetting, match="is no mail address"):
        orgs.set_notice(org, reply_to="six")


def test_a_campaign_is_open_from_the_start_and_closed_for_good(session: Session) -> None:
    campaign = campaigns.add_campaign(session, "bees", "Bees", named(session, Org, "org-two"), NOW)
    assert (campaign.status, campaign.closed_at, campaign.counted_at) == (Publication.LIVE, None, NOW)
    campaigns.close_campaign(campaign, NOW)
    assert (campaign.status, campaign.closed_at) == (Publication.CLOSED, NOW)


def test_a_page_asks_in_the_order_of_the_house_and_requires_what_a_signature_needs(session: Session) -> None:
    campaign, org = named(session, Campaign, "trees"), named(session, Org, "org-two")
    asked = page_settings(fields=("postcode", "email", "first_name"), required=())
    page = pages.add_page(session, "bees", campaign, org, asked, NOW)
    assert (page.fields, page.required) == (["first_name", "email", "postcode"], ["email", "first_name"])
    assert page.status == Publication.DRAFT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fields": ("first_name",)}, "fields must be some of"),
        ({"fields": ("first_name", "email", "shoe_size")}, "fields must be some of"),
        ({"required": ("first_name", "email", "phone")}, "can be required"),
        ({"default_country": "XX"}, "is no country"),
        ({"locale": "tlh_XX_x"}, "is no language we know"),
        ({"next_step_url": "javascript:alert(1)"}, "is no web address"),
    ],
)
def test_a_page_that_cannot_work_is_refused(session: Session, changes: dict[str, object], reason: str) -> None:
    campaign, org = named(session, Campaign, "trees"), named(session, Org, "org-two")
    with pytest.raises(BadSetting, match=reason):
        pages.add_page(session, "bees", campaign, org, page_settings(**changes), NOW)


def test_a_page_opens_with_its_wording_once_its_orgs_can_receive(session: Session) -> None:
    keyless = orgs.add_org(session, "org-six", "Org Six", NOW)
    campaign = campaigns.add_campaign(session, "bees", "Bees", keyless, NOW)
    page = pages.add_page(session, "bees", campaign, keyless, page_settings(), NOW)
    with pytest.raises(BadSetting, match="org-six has no complete legal notice"):
        pages.open_page(session, page, gettext, encryption.vouching, NOW)
    orgs.set_notice(
        keyless, legal_name="Six", legal_contact="A street", privacy_url="https://six.example.org", retention="A year."
    )
    with pytest.raises(NoActiveKey, match="org-six has no active key"):
        pages.open_page(session, page, gettext, encryption.vouching, NOW)
    assert page.status == Publication.DRAFT
    page.org_id = named(session, Org, "org-two").id
    page.delivery, campaign.org_id = True, page.org_id
    session.flush()
    session.expire_all()
    pages.open_page(session, page, gettext, encryption.vouching, NOW)
    assert page.status == Publication.LIVE
    assert session.scalars(select(ConsentText.valid_from).where(ConsentText.action_page_id == page.id)).all() == [NOW]
    pages.close_page(page)
    assert session.get_one(ActionPage, page.id).status == Publication.CLOSED
