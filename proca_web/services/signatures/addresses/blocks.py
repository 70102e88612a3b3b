"""Who said "it wasn't me" gets no more mails of that campaign, until the same link is told otherwise (protocol 6)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.models import ActionPage, Block, Campaign
from proca_web.services import driver
from proca_web.services.petitions.showing import standing
from proca_web.services.signatures.addresses import marks
from proca_web.services.signatures.addresses.marks import Mark

_BLOCKS = driver.table(Block)
_LINK = _BLOCKS.c.link_id == bindparam("link")
_ADD = driver.insert(Block, lambda new: new.on_conflict_do_nothing(index_elements=["link_id"]))
_AMONG = marks.in_table(_BLOCKS, "mark")
_CAMPAIGN = select(_BLOCKS.c.campaign_id).where(_LINK)
_REMOVE = delete(_BLOCKS).where(_LINK)
_PAGES = (
    select(ActionPage.slug, ActionPage.title, ActionPage.locale)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .where(Campaign.id == bindparam("campaign"), *standing.open_at(bindparam("now", type_=Campaign.opens_at.type)))
    .order_by(ActionPage.id)
)


@dataclass(frozen=True, slots=True)
class Petition:
    """A page on which one can sign again."""

    slug: str
    title: str
    locale: str


def add(session: Session, campaign_id: int, mark: bytes, link_id: bytes, now: datetime) -> None:
    """The address with this mark gets no more mails of that campaign; in the transaction that purges the signature."""
    session.execute(_ADD.of(session), {"campaign_id": campaign_id, "mark": mark, "link_id": link_id, "at": now})


def among(session: Session, addresses: Collection[Mark]) -> set[Mark]:
    """Which of these addresses said no."""
    return marks.among(session, addresses, _AMONG)


def stands(session: Session, token: bytes) -> bool:
    """Whether this link said no, and nothing else since."""
    return session.scalar(_CAMPAIGN, {"link": transient_seal.link_id(token)}) is not None


def remove(session: Session, token: bytes, now: datetime) -> list[Petition]:
    """It was them after all: mails may go there again. Where one can sign now; none for a link that blocks nobody."""
    link = {"link": transient_seal.link_id(token)}
    campaign = session.scalar(_CAMPAIGN, link)
    if campaign is None or not driver.changed(session, _REMOVE, link):
        return []
    found = session.execute(_PAGES, {"campaign": campaign, "now": now})
    return [Petition(row.slug, row.title, row.locale) for row in found]
