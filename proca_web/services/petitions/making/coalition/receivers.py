"""Further orgs of a page, at most two: each gets a copy of who says yes to it, and of nobody else."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import CampaignRefused
from proca_web.domain.messages import N_
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Org, PageReceiver
from proca_web.services.petitions.making.coalition import partners
from proca_web.services.petitions.making.coalition.terms import Renew
from proca_web.services.staff import audit

MOST = 2


def choices(session: Session, page: ActionPage) -> list[Org]:
    """The orgs that could be added: those of the campaign, without the page's own and the lead, who are asked for."""
    there = [page.org_id, page.campaign.org_id]
    of_pages = select(ActionPage.org_id).where(ActionPage.campaign_id == page.campaign_id)
    found = session.scalars(select(Org).where(Org.id.in_(of_pages), Org.id.not_in(there)).order_by(Org.title)).all()
    return [org for org in found if partners.takes_part(session, page.campaign, org.id)]


def of_page(session: Session, page: ActionPage) -> list[Org]:
    """The further orgs of a page, in order."""
    query = select(Org).join(PageReceiver, PageReceiver.org_id == Org.id).where(PageReceiver.page_id == page.id)
    return list(session.scalars(query.order_by(PageReceiver.position)))


def set_receivers(
    session: Session, page: ActionPage, names: Sequence[str], user_id: int | None, renew: Renew, now: datetime
) -> None:
    """These orgs, by name, from now on; a live page shows its new text. Raises CampaignRefused."""
    partners.locked(session, page.campaign_id)
    wanted, there = list(dict.fromkeys(names)), {org.name: org for org in choices(session, page)}
    if len(wanted) > MOST:
        raise CampaignRefused(N_("Choose at most two. With the page's own organisation and the lead that makes four."))
    if not set(wanted) <= set(there):
        raise CampaignRefused(N_("Choose organisations that take part in this campaign."))
    before = [org.name for org in of_page(session, page)]
    if before == wanted:
        return
    session.execute(delete(PageReceiver).where(PageReceiver.page_id == page.id))
    for position, name in enumerate(wanted, 1):
        session.add(PageReceiver(page_id=page.id, org_id=there[name].id, position=position))
    session.flush()
    session.expire(page)
    changes = {page.name: [", ".join(before), ", ".join(wanted)]}
    facts = {"campaign": page.campaign.name, "changes": changes}
    audit.record(session, page.org_id, user_id, CampaignEvent.TERMS_CHANGED, facts, now)
    if page.status == Publication.LIVE:
        renew(page)


def remove(session: Session, page: ActionPage, org: Org) -> None:
    """One of them gets nothing any more."""
    own = (PageReceiver.page_id == page.id, PageReceiver.org_id == org.id)
    session.execute(delete(PageReceiver).where(*own))
    session.flush()
    session.expire(page)
