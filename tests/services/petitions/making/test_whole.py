"""Pages and campaigns as a whole: copied, paused, closed, deleted, ordered, and added to from elsewhere."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain import messages, rights
from proca_web.domain.errors import CampaignRefused, FieldsRefused
from proca_web.domain.staff_words import StaffRole
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, ConsentText, MailText, PublicKey
from proca_web.services.petitions.making import copying, drafts, elsewhere, ending
from proca_web.services.petitions.making.editing import Writer
from proca_web.services.petitions.making.writing import listing

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
WRITER = Writer(1, rights.TABLE[StaffRole.OWNER], NOW)


def one(session: Session, kind: type, name: str) -> Any:
    return session.scalars(select(kind).where(kind.name == name)).one()


@pytest.fixture
def page(session: Session) -> ActionPage:
    """A page with words, milestones and a mail of its own."""
    found: ActionPage = one(session, ActionPage, "trees")
    found.milestones, found.questions = [{"number": 5, "text": "x"}], {"opt_in": "May we?"}
    session.add(MailText(page_id=found.id, kind="confirm", subject="S", body="B {link}", edited_at=NOW))
    session.flush()
    return found


def test_a_copy_has_the_words_and_mails_and_none_of_the_people(session: Session, page: ActionPage) -> None:
    made = copying.copy_page(session, page, WRITER)
    assert (made.campaign_id, made.status, made.slug) == (page.campaign_id, "draft", "keep-our-street-trees")
    assert (made.title, made.milestones, made.questions) == (page.title, page.milestones, page.questions)
    assert session.scalars(select(MailText.subject).where(MailText.page_id == made.id)).all() == ["S"]
    assert session.scalars(select(ConsentText).where(ConsentText.action_page_id == made.id)).all() == []
    assert made.position > page.position


def test_a_copy_into_a_new_campaign_counts_from_nought(session: Session, page: ActionPage) -> None:
    page.campaign.supporter_count = 413
    made = copying.copy_into_new(session, page, WRITER)
    assert (made.campaign.status, made.campaign.supporter_count, made.campaign.title) == ("draft", 0, page.title)


def test_a_whole_campaign_is_copied_with_the_leads_pages_alone(session: Session, page: ActionPage) -> None:
    made = copying.copy_campaign(session, page.campaign, WRITER)
    pages = session.scalars(select(ActionPage).where(ActionPage.campaign_id == made.id)).all()
    assert [each.title for each in pages] == [page.title]


def test_a_language_is_added_once(session: Session, page: ActionPage, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CampaignRefused):
        copying.add_language(session, page, "en", WRITER)
    monkeypatch.setattr(copying, "LANGUAGES", ("en", "de"))
    made = copying.add_language(session, page, "de", WRITER)
    assert (made.locale, made.slug) == ("de", "keep-our-street-trees-de")
    assert copying.languages_left(session, page.campaign, page.org_id) == []
    assert messages.LANGUAGES


def test_a_page_rests_opens_again_and_ends_with_its_words(session: Session, page: ActionPage) -> None:
    ending.pause_page(session, page, WRITER)
    assert page.status == "paused"
    with pytest.raises(CampaignRefused):
        ending.pause_page(session, page, WRITER)
    ending.reopen_page(session, page, WRITER, gettext, encryption.vouching)
    ending.close_page(session, page, "We won.\r\n", WRITER)
    assert (page.status, page.closed_text) == ("closed", "We won.")
    with pytest.raises(FieldsRefused):
        ending.close_page(session, one(session, ActionPage, "trees-partner"), "\x07", WRITER)


def test_a_page_without_a_key_does_not_open_again(session: Session, page: ActionPage) -> None:
    ending.pause_page(session, page, WRITER)
    for key in session.scalars(select(PublicKey).where(PublicKey.org_id == page.org_id)):
        key.status = "revoked"
    session.flush()
    with pytest.raises(CampaignRefused, match="lacks its key"):
        ending.reopen_page(session, page, WRITER, gettext, encryption.vouching)


def test_a_campaign_rests_ends_and_opens_until_it_is_forgotten(session: Session, page: ActionPage) -> None:
    campaign = page.campaign
    ending.pause(session, campaign, WRITER)
    ending.reopen(session, campaign, WRITER)
    ending.close(session, campaign, "Handed over.", WRITER)
    assert (campaign.status, campaign.closed_at, page.closed_text) == ("closed", NOW, "Handed over.")
    ending.reopen(session, campaign, WRITER)
    assert campaign.closed_at is None
    campaign.status, campaign.forgotten_at = "closed", NOW
    with pytest.raises(CampaignRefused, match="Copy it"):
        ending.reopen(session, campaign, WRITER)


def test_what_nobody_signed_can_be_deleted(session: Session, page: ActionPage) -> None:
    made = copying.copy_into_new(session, page, WRITER)
    campaign, name = made.campaign, made.campaign.name
    ending.delete_campaign(session, campaign, WRITER)
    assert session.scalars(select(Campaign).where(Campaign.name == name)).first() is None
    with pytest.raises(CampaignRefused, match="partner"):
        ending.delete_campaign(session, page.campaign, WRITER)
    ending.delete_page(session, page, WRITER)  # with its wordings and mails
    assert session.scalars(select(ActionPage).where(ActionPage.name == "trees")).first() is None


def test_people_from_elsewhere_are_told_apart_and_taken_off(session: Session, page: ActionPage) -> None:
    campaign = page.campaign
    elsewhere.add(session, campaign, " At the market ", "120", "2026-11-30", WRITER)
    (entry,) = elsewhere.of(session, campaign)
    assert (entry.label, entry.number, campaign.supporter_count) == ("At the market", 120, 0)
    with pytest.raises(FieldsRefused) as refused:
        elsewhere.add(session, campaign, "", "0", "2027-01-01", WRITER)
    assert set(refused.value.faults) == {"label", "number", "day"}
    elsewhere.remove(session, campaign, entry.id, WRITER)
    elsewhere.remove(session, campaign, entry.id, WRITER)
    assert elsewhere.of(session, campaign) == []


def test_pages_change_places_with_their_neighbours(session: Session, page: ActionPage) -> None:
    partner = one(session, ActionPage, "trees-partner")
    listing.move(session, page.campaign, page, -1)  # the first one stays
    listing.move(session, page.campaign, page, 1)
    assert (partner.position, page.position) == (0, 1)


def test_what_is_typed_is_kept_for_one_person_and_one_page(session: Session, page: ActionPage) -> None:
    first = drafts.keep(session, page.org_id, 1, page, 0, {"title": "\0half"}, NOW)
    again = drafts.keep(session, page.org_id, 1, page, 0, {"title": "x" * 100_000}, NOW)
    assert (first.id, len(again.fields["title"])) == (again.id, 60_000)
    assert drafts.of_page(session, page, 2) is None
    new = drafts.keep(session, page.org_id, 1, None, 0, {"title": "new"}, NOW)
    assert drafts.keep(session, page.org_id, 1, None, new.id, {"title": "newer"}, NOW).id == new.id
    assert drafts.keep(session, page.org_id, 2, None, new.id, {"title": "other"}, NOW).id != new.id
    assert [draft.fields["title"] for draft in drafts.unfinished(session, page.org_id, 1)] == ["newer"]
    drafts.discard(session, page, 1)
    drafts.discard_new(session, page.org_id, 1, new.id)
    assert drafts.of_page(session, page, 1) is None
    assert drafts.unfinished(session, page.org_id, 1) == []


def test_campaigns_are_told_by_their_state(session: Session, page: ActionPage) -> None:
    copying.copy_into_new(session, page, WRITER)
    numbers = {choice: len(found) for choice, found in listing.by_state(session, page.org_id, NOW).items()}
    assert numbers == {"": 2, "live": 1, "draft": 1, "planned": 0, "ended": 0}
    page.campaign.opens_at = datetime(2027, 1, 1, tzinfo=UTC)
    session.flush()
    assert len(listing.by_state(session, page.org_id, NOW)["planned"]) == 1
