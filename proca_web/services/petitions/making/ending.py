"""How pages and campaigns rest, open again, end, or go: nothing is deleted on which a signature depends."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import BadSetting, CampaignRefused, FieldsRefused, NoActiveKey
from proca_web.domain.messages import N_
from proca_web.domain.pages.wording import Translate
from proca_web.domain.words import Publication
from proca_web.models import Action, ActionPage, Campaign, ConsentText
from proca_web.services.petitions import campaigns, pages
from proca_web.services.petitions.making.editing import Writer
from proca_web.services.petitions.making.writing import checking
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import audit

_DEPENDS = N_(
    "People have signed here, and what they signed stays readable for them. Close it instead: it takes no more "
    "signatures and tells how it ended."
)
_NOT_NOW = N_("This was done meanwhile, or is not possible now. Look at its state and choose again.")
_FORGOTTEN = N_(
    "This campaign ended more than 30 days ago, and who had signed was forgotten then. Copy it to begin anew."
)


def pause_page(session: Session, page: ActionPage, writer: Writer) -> None:
    """It takes no signatures for a while. Raises CampaignRefused."""
    _require(page.status == Publication.LIVE)
    page.status = Publication.PAUSED
    _tell_page(session, page, CampaignEvent.PAGE_PAUSED, writer)


def reopen_page(session: Session, page: ActionPage, writer: Writer, translate: Translate, vouching: Vouching) -> None:
    """It takes signatures again, if its orgs can receive them. Raises CampaignRefused."""
    _require(page.status in (Publication.PAUSED, Publication.CLOSED))
    try:
        pages.open_page(session, page, translate, vouching, writer.now)
    except (BadSetting, NoActiveKey) as error:
        raise CampaignRefused(
            N_("It cannot take signatures: an organisation lacks its key or its legal notice.")
        ) from error
    _tell_page(session, page, CampaignEvent.PAGE_REOPENED, writer)


def close_page(session: Session, page: ActionPage, text: str, writer: Writer) -> None:
    """It is over, and people read this. Raises CampaignRefused, FieldsRefused."""
    _require(page.status != Publication.CLOSED)
    page.closed_text = _closing_words(text)
    pages.close_page(page)
    _tell_page(session, page, CampaignEvent.PAGE_CLOSED, writer)


def delete_page(session: Session, page: ActionPage, writer: Writer) -> None:
    """A page that nobody has signed is gone for good. Raises CampaignRefused."""
    if depends(session, [page.id]):
        raise CampaignRefused(_DEPENDS)
    _tell_page(session, page, CampaignEvent.PAGE_DELETED, writer)
    _delete(session, [page])


def pause(session: Session, campaign: Campaign, writer: Writer) -> None:
    """None of its pages takes signatures for a while. Raises CampaignRefused."""
    _require(campaign.status == Publication.LIVE)
    campaign.status = Publication.PAUSED
    _tell(session, campaign, CampaignEvent.CAMPAIGN_PAUSED, writer)


def reopen(session: Session, campaign: Campaign, writer: Writer) -> None:
    """Its pages take signatures again, each as it stands. Raises CampaignRefused."""
    if campaign.forgotten_at is not None:
        raise CampaignRefused(_FORGOTTEN)
    _require(campaign.status in (Publication.PAUSED, Publication.CLOSED))
    campaign.status, campaign.closed_at = Publication.LIVE, None
    _tell(session, campaign, CampaignEvent.CAMPAIGN_REOPENED, writer)


def close(session: Session, campaign: Campaign, text: str, writer: Writer) -> None:
    """It is over with all its pages; those of the org that leads it say so. Raises CampaignRefused, FieldsRefused."""
    _require(campaign.status != Publication.CLOSED)
    said = _closing_words(text)
    for page in _pages(session, campaign):
        if page.org_id == campaign.org_id and said:
            page.closed_text = said
    campaigns.close_campaign(campaign, writer.now)
    _tell(session, campaign, CampaignEvent.CAMPAIGN_CLOSED, writer)


def delete_campaign(session: Session, campaign: Campaign, writer: Writer) -> None:
    """A campaign that nobody has signed and no partner has a page of is gone for good. Raises CampaignRefused."""
    found = _pages(session, campaign)
    if any(page.org_id != campaign.org_id for page in found):
        raise CampaignRefused(N_("A partner has a page here. End its part first, under Partners."))
    if campaign.supporter_count or depends(session, [page.id for page in found]):
        raise CampaignRefused(_DEPENDS)
    _tell(session, campaign, CampaignEvent.CAMPAIGN_DELETED, writer)
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


def _tell_page(session: Session, page: ActionPage, event: CampaignEvent, writer: Writer) -> None:
    page.edits, page.edited_at, page.edited_by = page.edits + 1, writer.now, writer.user_id
    facts = {"page": page.name, "campaign": page.campaign.name}
    audit.record(session, page.org_id, writer.user_id, event, facts, writer.now)


def _tell(session: Session, campaign: Campaign, event: CampaignEvent, writer: Writer) -> None:
    campaign.edits, campaign.edited_at, campaign.edited_by = campaign.edits + 1, writer.now, writer.user_id
    audit.record(session, campaign.org_id, writer.user_id, event, {"campaign": campaign.name}, writer.now)
