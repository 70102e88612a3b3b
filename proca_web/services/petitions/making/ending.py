"""How pages and campaigns rest, open again, end, or go: nothing is deleted on which a signature depends."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import BadSetting, CampaignRefused, FieldsRefused, NoActiveKey
from proca_web.domain.messages import N_
from proca_web.domain.pages.wording import Translate
from proca_web.domain.words import Publication
from proca_web.models import Action, ActionPage, Campaign, ConsentText
from proca_web.services.petitions.making import states
from proca_web.services.petitions.making.editing import Writer
from proca_web.services.petitions.making.writing import checking
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import audit

_DEPENDS = N_(
    "People have signed here, and what they signed stays readable for them. Close it instead: it takes no more "
    "signatures and tells how it ended."
)
_NOT_NOW = N_("This was done meanwhile, or is not possible now. Look at its state and choose again.")
_LACKING = N_("It cannot take signatures: an organisation lacks its key or its legal notice.")
_PAST = N_("Its closing day has passed. Set a later one first, on one of its pages, or none.")
_FORGOTTEN = N_(
    "This campaign ended more than 30 days ago, and who had signed was forgotten then. Copy it to begin anew."
)


def pause_page(session: Session, page: ActionPage, writer: Writer) -> None:
    """It takes no signatures for a while. Raises CampaignRefused."""
    with _told_why():
        states.pause_page(session, page, writer.user_id, writer.now)
    _touch(page, writer)


def reopen_page(session: Session, page: ActionPage, writer: Writer, translate: Translate, vouching: Vouching) -> None:
    """It takes signatures again, if its orgs can receive them. Raises CampaignRefused."""
    _require(page.status in (Publication.PAUSED, Publication.CLOSED))
    with _told_why(_LACKING):
        states.reopen_page(session, page, translate, vouching, writer.user_id, writer.now)
    _touch(page, writer)


def close_page(session: Session, page: ActionPage, text: str, writer: Writer) -> None:
    """It is over, and people read this. Raises CampaignRefused, FieldsRefused."""
    _require(page.status != Publication.CLOSED)
    page.closed_text = _closing_words(text)
    states.close_page(session, page, writer.user_id, writer.now)
    _touch(page, writer)


def delete_page(session: Session, page: ActionPage, writer: Writer) -> None:
    """A page that nobody has signed is gone for good. Raises CampaignRefused."""
    if depends(session, [page.id]):
        raise CampaignRefused(_DEPENDS)
    facts = {"page": page.name, "campaign": page.campaign.name}
    audit.record(session, page.org_id, writer.user_id, CampaignEvent.PAGE_DELETED, facts, writer.now)
    _delete(session, [page])


def pause(session: Session, campaign: Campaign, writer: Writer) -> None:
    """None of its pages takes signatures for a while. Raises CampaignRefused."""
    with _told_why():
        states.pause_campaign(session, campaign, writer.user_id, writer.now)
    _touch(campaign, writer)


def reopen(session: Session, campaign: Campaign, writer: Writer) -> None:
    """Its pages take signatures again, each as it stands. Raises CampaignRefused."""
    if campaign.forgotten_at is not None:
        raise CampaignRefused(_FORGOTTEN)
    if campaign.closes_at is not None and campaign.closes_at <= writer.now:
        raise CampaignRefused(_PAST)
    with _told_why():
        states.reopen_campaign(session, campaign, writer.user_id, writer.now)
    _touch(campaign, writer)


def close(session: Session, campaign: Campaign, text: str, writer: Writer) -> None:
    """It is over with all its pages; those of the org that leads it say so. Raises CampaignRefused, FieldsRefused."""
    _require(campaign.status != Publication.CLOSED)
    said = _closing_words(text)
    for page in _pages(session, campaign):
        if page.org_id == campaign.org_id and said:
            page.closed_text = said
    states.close_campaign(session, campaign, writer.user_id, writer.now)
    _touch(campaign, writer)


def delete_campaign(session: Session, campaign: Campaign, writer: Writer) -> None:
    """A campaign that nobody has signed and no partner has a page of is gone for good. Raises CampaignRefused."""
    found = _pages(session, campaign)
    if any(page.org_id != campaign.org_id for page in found):
        raise CampaignRefused(N_("A partner has a page here. End its part first, under Partners."))
    if campaign.supporter_count or depends(session, [page.id for page in found]):
        raise CampaignRefused(_DEPENDS)
    facts = {"campaign": campaign.name}
    audit.record(session, campaign.org_id, writer.user_id, CampaignEvent.CAMPAIGN_DELETED, facts, writer.now)
    _delete(session, found)
    session.delete(campaign)
    session.flush()


def depends(session: Session, page_ids: Sequence[int]) -> bool:
    """Whether a signature depends on one of these pages, also one that was only tried."""
    query = select(Action.id).where(Action.action_page_id.in_(page_ids)).limit(1)
    return session.scalars(query).first() is not None


def _pages(session: Session, campaign: Campaign) -> Sequence[ActionPage]:
    return session.scalars(select(ActionPage).where(ActionPage.campaign_id == campaign.id)).all()


def _delete(session: Session, gone: Sequence[ActionPage]) -> None:
    session.execute(delete(ConsentText).where(ConsentText.action_page_id.in_([page.id for page in gone])))
    for page in gone:
        session.delete(page)
    session.flush()


def _closing_words(text: str) -> str:
    said = text.replace("\r\n", "\n").strip()
    fault = checking.text_fault("closed_text", said)
    if fault is not None:
        raise FieldsRefused({"closed_text": fault})
    return said


def _require(condition: bool) -> None:
    if not condition:
        raise CampaignRefused(_NOT_NOW)


@contextmanager
def _told_why(sentence: str = _NOT_NOW) -> Iterator[None]:
    """What the states refuse to operators in their words is told to people in ours."""
    try:
        yield
    except (BadSetting, NoActiveKey) as error:
        raise CampaignRefused(sentence) from error


def _touch(what: ActionPage | Campaign, writer: Writer) -> None:
    what.edits, what.edited_at, what.edited_by = what.edits + 1, writer.now, writer.user_id
