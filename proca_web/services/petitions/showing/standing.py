"""How campaigns and pages stand at a moment: which are open, and what stops the others. For lists and the console.

Signing asks its own single query (`facts`); both let `domain.pages.stops` decide.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, or_
from sqlalchemy.orm import Session

from proca_web.domain.pages import stops
from proca_web.domain.pages.privacy import Distribution, Receiver
from proca_web.domain.pages.stops import Stop
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign
from proca_web.services.keys import recipients
from proca_web.services.petitions import wordings
from proca_web.services.sealing.vouching import Vouching


def open_at(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """Conditions on pages joined with their campaigns: those that nobody planned to stop at that moment."""
    return (
        ActionPage.status == Publication.LIVE,
        Campaign.status == Publication.LIVE,
        *open_dates(now),
    )


def open_dates(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """Conditions on campaigns: those that have begun and are not over, by their dates."""
    return (
        or_(Campaign.opens_at.is_(None), Campaign.opens_at <= now),
        or_(Campaign.closes_at.is_(None), Campaign.closes_at > now),
    )


def plan_of(campaign: Campaign, now: datetime, page: ActionPage | None = None) -> tuple[Stop, ...]:
    """What the plan of a campaign, or of one of its pages, stops."""
    states = (campaign.status, page.status) if page is not None else (campaign.status,)
    is_early = campaign.opens_at is not None and campaign.opens_at > now
    is_over = campaign.closes_at is not None and campaign.closes_at <= now
    return stops.plan(states, is_early=is_early, is_over=is_over)


@dataclass(frozen=True, slots=True)
class Look:
    """By what pages are judged at one moment: the orgs that can receive, and whose mail stands still."""

    receiving: Collection[int]
    mail_is_stalled: Callable[[str], bool]
    now: datetime

    def stops(self, page: ActionPage) -> tuple[Stop, ...]:
        """All that stops a page."""
        planned = plan_of(page.campaign, self.now, page)
        policy, lead = wordings.distribution_of(page), page.campaign.org_id
        return self.stops_of(planned, policy, page.org_id, lead, page.double_opt_in and page.org.name)

    def stops_of(
        self, planned: tuple[Stop, ...], policy: Distribution, collector: int, lead: int, mails_as: str | bool
    ) -> tuple[Stop, ...]:
        """The same of a policy and two orgs by id; `mails_as`: the org whose mails carry the link, if any do."""
        orgs = {Receiver.COLLECTOR: collector, Receiver.LEAD: lead}
        can_receive = all(orgs[receiver] in self.receiving for receiver in policy.always())
        is_late = bool(mails_as) and self.mail_is_stalled(str(mails_as))
        return stops.stops(planned, can_receive=can_receive, mail_is_late=is_late)


def look(session: Session, vouching: Vouching | None, now: datetime, mail_is_stalled: Callable[[str], bool]) -> Look:
    """A look at this moment."""
    return Look(recipients.orgs_that_receive(session, vouching, now), mail_is_stalled, now)
