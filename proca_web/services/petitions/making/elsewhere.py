"""People who signed the same on paper or on another site: told apart beside the count, never part of it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import CampaignRefused, FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.models import Campaign, Elsewhere
from proca_web.services.petitions.making.editing import Writer
from proca_web.services.petitions.making.writing import checking
from proca_web.services.staff import audit

MOST = 50


def of(session: Session, campaign: Campaign) -> Sequence[Elsewhere]:
    """What was collected elsewhere for a campaign, the newest first."""
    where = Elsewhere.campaign_id == campaign.id
    return session.scalars(select(Elsewhere).where(where).order_by(Elsewhere.day.desc(), Elsewhere.id.desc())).all()


def add(session: Session, campaign: Campaign, label: str, number: str, day: str, writer: Writer) -> None:
    """So many more, where and when. Raises FieldsRefused, CampaignRefused."""
    if len(of(session, campaign)) >= MOST:
        raise CampaignRefused(N_("There is room for 50 entries. Take one off, or add several numbers up in one."))
    said, faults = label.strip(), {}
    fault = checking.text_fault("title", said)
    if not said or fault:
        faults["label"] = fault or Message(N_("Write where they signed, for example “On paper, at the market”."))
    people = int(number) if number.isascii() and number.isdigit() and len(number) <= 12 else 0
    if not 1 <= people <= checking.MOST_PEOPLE:
        faults["number"] = Message(checking.NO_NUMBER)
    counted = checking.day(day)
    if counted is None or counted > writer.now.date():
        faults["day"] = Message(N_("Enter the day they were counted, up to today."))
    if faults or counted is None:
        raise FieldsRefused(faults)
    row = Elsewhere(
        campaign_id=campaign.id, label=said, number=people, day=counted, user_id=writer.user_id, created_at=writer.now
    )
    session.add(row)
    _tell(session, campaign, CampaignEvent.ELSEWHERE_ADDED, row, writer)


def remove(session: Session, campaign: Campaign, number: int, writer: Writer) -> None:
    """One of these entries is taken off; one that is gone already stays so."""
    row = session.get(Elsewhere, number)
    if row is not None and row.campaign_id == campaign.id:
        _tell(session, campaign, CampaignEvent.ELSEWHERE_REMOVED, row, writer)
        session.delete(row)
        session.flush()


def _tell(session: Session, campaign: Campaign, event: CampaignEvent, row: Elsewhere, writer: Writer) -> None:
    facts = {"campaign": campaign.name, "label": row.label[:80], "number": row.number, "day": row.day.isoformat()}
    audit.record(session, campaign.org_id, writer.user_id, event, facts, writer.now)
