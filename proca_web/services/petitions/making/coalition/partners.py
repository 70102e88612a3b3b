"""Who takes part in a campaign: the lead, orgs that joined, and orgs that have a page in it however it was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from proca_web.domain.campaign_words import CampaignEvent, Dimension, PartnerState
from proca_web.domain.words import DayEvent
from proca_web.models import ActionPage, Campaign, Count, Org, Partner
from proca_web.services.staff import audit, outbox

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Part:
    """One org in a campaign: its pages, or how far its invitation has come."""

    name: str
    title: str
    leads: bool
    state: PartnerState
    pages: Sequence[ActionPage]
    invitation: Partner | None

    @property
    def takes_part(self) -> bool:
        """Whether it is in the campaign now."""
        return self.state == PartnerState.JOINED


def locked(session: Session, campaign_id: int) -> Campaign:
    """The campaign as it is now; whoever else changes who takes part waits. Signatures do not."""
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def of_campaign(session: Session, campaign: Campaign) -> list[Part]:
    """The lead, then who takes part, then who is invited, has declined or whose part has ended."""
    rows = _rows(session, campaign.id)
    named: dict[int, list[Partner]] = {}
    for row in rows:
        if row.org_id is not None:
            named.setdefault(row.org_id, []).append(row)
    pages = _pages(session, campaign.id)
    orgs = {page.org_id: page.org for page in pages} | {row.org_id: row.org for row in rows if row.org is not None}
    parts = [_lead(campaign, pages)]
    for org_id, org in orgs.items():
        if org_id != campaign.org_id and org_id is not None:
            own = [page for page in pages if page.org_id == org_id]
            parts.append(_part(org, own, named.get(org_id, [])))
    parts += [_by_mail(row) for row in rows if row.org_id is None and row.state != PartnerState.WITHDRAWN]
    order = (PartnerState.JOINED, PartnerState.INVITED, PartnerState.DECLINED, PartnerState.ENDED)
    shown = [part for part in parts if part.state in order]
    return sorted(shown, key=lambda part: (not part.leads, order.index(part.state)))


def signed_on(session: Session, pages: Sequence[ActionPage]) -> Mapping[int, int]:
    """How many people signed on each of these pages, by its id; who signs on two of them counts on both."""
    events = {DayEvent.CONFIRMED: 1, DayEvent.WITHDRAWN: -1}
    where = (Count.action_page_id.in_([page.id for page in pages]), Count.dimension == Dimension.ALL)
    query = select(Count.action_page_id, Count.event, func.sum(Count.number)).where(*where, Count.event.in_(events))
    found: dict[int, int] = {}
    for page_id, event, number in session.execute(query.group_by(Count.action_page_id, Count.event)):
        found[page_id] = found.get(page_id, 0) + int(number) * events[DayEvent(event)]
    return {page_id: max(0, number) for page_id, number in found.items()}


def takes_part(session: Session, campaign: Campaign, org_id: int) -> bool:
    """Whether an org leads the campaign, joined it or has a page in it, and its part was not ended."""
    if org_id == campaign.org_id:
        return True
    states = states_of(session, campaign.id, org_id)
    if PartnerState.JOINED in states or PartnerState.ENDED in states:
        return PartnerState.JOINED in states
    has_page = select(ActionPage.id).where(ActionPage.campaign_id == campaign.id, ActionPage.org_id == org_id).limit(1)
    return session.scalars(has_page).first() is not None


def states_of(session: Session, campaign_id: int, org_id: int) -> set[str]:
    """Where an org stands and stood in a campaign."""
    where = (Partner.campaign_id == campaign_id, Partner.org_id == org_id)
    return set(session.scalars(select(Partner.state).where(*where).distinct()))


def pages_of_partners(session: Session, campaign: Campaign, org_id: int | None = None) -> list[ActionPage]:
    """The pages of all who take part beside the lead, or of one of them, as they are now."""
    gone = set(_orgs_that(session, campaign, PartnerState.ENDED)) - set(
        _orgs_that(session, campaign, PartnerState.JOINED)
    )
    others = (ActionPage.org_id != campaign.org_id, ActionPage.org_id.not_in(gone))
    where = [ActionPage.campaign_id == campaign.id, *others]
    if org_id is not None:
        where.append(ActionPage.org_id == org_id)
    query = select(ActionPage).where(*where).order_by(ActionPage.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def tell(
    session: Session,
    campaign: Campaign,
    orgs: Sequence[Org],
    event: CampaignEvent,
    user_id: int | None,
    now: datetime,
    *,
    partner: str,
    silent: Sequence[int] = (),
    **facts: str | int,
) -> None:
    """One entry in the record of each of these orgs, and a mail to whoever runs its campaigns, but who did it."""
    about: dict[str, str | int] = {"campaign": campaign.title, "lead": campaign.lead.title, "partner": partner}
    about["campaign_name"] = campaign.name
    for org in sorted(orgs, key=lambda each: each.id):  # the same order for all: nobody waits in a circle
        entry = {"campaign": campaign.name, "partner": partner, **facts}
        audit.record(session, org.id, user_id, event, entry, now)
        if org.id not in silent:
            people = [user for user in outbox.campaigners_of(session, org.id) if user != user_id]
            once = f"{event}:{campaign.id}:{org.id}:{now.isoformat()}"
            outbox.tell(session, event, org.id, people, once, now, **about, **facts)


def _orgs_that(session: Session, campaign: Campaign, state: PartnerState) -> Sequence[int]:
    where = (Partner.campaign_id == campaign.id, Partner.state == state, Partner.org_id.is_not(None))
    return [org_id for org_id in session.scalars(select(Partner.org_id).where(*where)) if org_id is not None]


def _rows(session: Session, campaign_id: int) -> Sequence[Partner]:
    query = select(Partner).where(Partner.campaign_id == campaign_id).options(joinedload(Partner.org))
    return session.scalars(query.order_by(Partner.id.desc()).limit(MOST_SHOWN)).all()


def _pages(session: Session, campaign_id: int) -> Sequence[ActionPage]:
    query = select(ActionPage).where(ActionPage.campaign_id == campaign_id).options(joinedload(ActionPage.org))
    return session.scalars(query.order_by(ActionPage.position, ActionPage.id).limit(MOST_SHOWN)).all()


def _lead(campaign: Campaign, pages: Sequence[ActionPage]) -> Part:
    own = [page for page in pages if page.org_id == campaign.org_id]
    return Part(campaign.lead.name, campaign.lead.title, True, PartnerState.JOINED, own, None)


def _part(org: Org, pages: Sequence[ActionPage], rows: Sequence[Partner]) -> Part:
    """`rows`: what there was with this org, the newest first."""
    states = [PartnerState(row.state) for row in rows]
    newest = states[0] if states else PartnerState.JOINED
    never_ended = PartnerState.ENDED not in states
    takes_part = PartnerState.JOINED in states or (bool(pages) and never_ended)
    state = PartnerState.JOINED if takes_part else newest
    waits = rows[0] if state == PartnerState.INVITED else None
    return Part(org.name, org.title, False, state, pages, waits)


def _by_mail(row: Partner) -> Part:
    return Part("", row.title or row.email, False, PartnerState(row.state), (), row)
