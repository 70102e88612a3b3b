"""Who gets a copy of what people sign on a partner's page: the three choices, and what each means for a person.

Computed by the very function that signing uses; nothing is decided here.
"""

from dataclasses import dataclass

from proca_web.domain.campaign_words import Terms
from proca_web.domain.pages import privacy
from proca_web.domain.pages.privacy import Consent, Distribution, Receiver, Share
from proca_web.models import ActionPage, Campaign

SWITCHES = {Terms.PARTNER: (True, False), Terms.BOTH: (True, True), Terms.LEAD: (False, False)}
TICKS = ((False, False), (True, False), (False, True), (True, True))


@dataclass(frozen=True, slots=True)
class Gets:
    """What one org gets of one person: a copy or none, and whether it may write to them."""

    copy: bool
    may_write: bool


@dataclass(frozen=True, slots=True)
class Way:
    """One answer to the two questions, and what follows from it."""

    to_partner: bool
    to_lead: bool
    partner: Gets
    lead: Gets


def of_campaign(campaign: Campaign) -> Terms:
    """How it is for partners' new pages."""
    return _of(delivery=campaign.partner_delivery, force=campaign.force_delivery)


def coming(campaign: Campaign) -> Terms:
    """How it is to be: what the lead asks for, else what is in force."""
    return Terms(campaign.asked_terms or of_campaign(campaign))


def of_page(page: ActionPage) -> Terms:
    """How it is on one partner's page."""
    return _of(delivery=page.delivery, force=page.campaign.force_delivery)


def ways(terms: Terms) -> list[Way]:
    """What each of the four answers of a person means."""
    return [_way(policy_of(terms), *ticks) for ticks in TICKS]


def policy_of(terms: Terms) -> Distribution:
    """The same as signing knows it."""
    delivery, force = SWITCHES[terms]
    return Distribution(split=True, delivery=delivery, force_delivery=force)


def _way(policy: Distribution, to_partner: bool, to_lead: bool) -> Way:  # two answers of a person
    made = privacy.shares(policy, Consent(to_partner, to_lead))
    return Way(to_partner, to_lead, _gets(made, Receiver.COLLECTOR), _gets(made, Receiver.LEAD))


def _gets(made: tuple[Share, ...], receiver: Receiver) -> Gets:
    own = [share for share in made if share.receiver == receiver]
    return Gets(copy=bool(own), may_write=any(share.opt_in for share in own))


def _of(*, delivery: bool, force: bool) -> Terms:
    if not delivery:
        return Terms.LEAD
    return Terms.BOTH if force else Terms.PARTNER
