"""Who gets a copy is changed: asked by the lead, in force when every partner that is open has said yes.

Until then all stays as it was. From that moment on people are shown, and agree to, a new text; a form that was opened
before is shown again, so that no copy goes to anybody whom its writer was not told of.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, Terms
from proca_web.domain.errors import CampaignRefused, FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.pages.privacy import Receiver
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign, ConsentText, Org
from proca_web.services.keys import recipients
from proca_web.services.petitions import wordings
from proca_web.services.petitions.making.coalition import approving, choices, partners
from proca_web.services.sealing.vouching import Vouching

Renew = Callable[[ActionPage], object]
FORMS_LAST = timedelta(days=1)  # as long as a replaced text is taken elsewhere
_NOT_READY = N_("Not possible now: %(org)s would get every copy, and lacks its key or its legal notice.")
_OPEN = (Publication.LIVE, Publication.PAUSED)


def ask(
    session: Session,
    campaign: Campaign,
    chosen: str,
    user_id: int | None,
    renew: Renew,
    vouching: Vouching,
    now: datetime,
) -> bool:
    """The lead chooses who gets a copy; True where it is in force at once. Raises FieldsRefused."""
    if chosen not in set(Terms):
        raise FieldsRefused({"copies": Message(N_("Please choose one of the three."))})
    campaign, wanted = partners.locked(session, campaign.id), Terms(chosen)
    before = Terms(campaign.asked_terms or choices.of_campaign(campaign))
    if _is_everywhere(session, campaign, wanted):
        if campaign.asked_terms:
            take_back(session, campaign, user_id, now)
        return True
    if campaign.asked_terms == wanted:
        return False
    campaign.asked_terms = wanted
    for page in partners.pages_of_partners(session, campaign):
        approving.forget(session, [page], page.org_id)
    _record(session, campaign, f"{before} → {wanted}", user_id, now)
    return settle(session, campaign, renew, vouching, now)


def say_yes(
    session: Session, campaign: Campaign, org: Org, user_id: int | None, renew: Renew, vouching: Vouching, now: datetime
) -> bool:
    """A partner says yes to what was asked; True where that was the last yes. Raises CampaignRefused, FieldsRefused."""
    campaign = partners.locked(session, campaign.id)
    own = partners.pages_of_partners(session, campaign, org.id)
    if not campaign.asked_terms or not own:
        raise CampaignRefused(N_("Nothing waits for your yes: the change was taken back, or it is in force already."))
    approving.agree_to_terms(session, campaign, own, user_id, now)
    both, changes, event = [campaign.lead, org], f"{org.title}: {campaign.asked_terms}", CampaignEvent.TERMS_CHANGED
    told = {"partner": org.title, "changes": changes}
    partners.tell(session, campaign, both, event, user_id, now, silent=[org.id], **told)
    return settle(session, campaign, renew, vouching, now)


def take_back(session: Session, campaign: Campaign, user_id: int | None, now: datetime) -> None:
    """The lead does not ask any more; all stays as it is. Raises CampaignRefused."""
    campaign = partners.locked(session, campaign.id)
    if not campaign.asked_terms:
        raise CampaignRefused(N_("Nothing is asked just now: the change is in force already, or was taken back."))
    asked, campaign.asked_terms = campaign.asked_terms, ""
    _record(session, campaign, f"{asked} → {choices.of_campaign(campaign)}", user_id, now)


def waits_for(session: Session, campaign: Campaign) -> list[Org]:
    """Partners that are open and have not said yes to what is asked."""
    if not campaign.asked_terms:
        return []
    open_ones = [page for page in partners.pages_of_partners(session, campaign) if page.status in _OPEN]
    waiting = [page for page in open_ones if approving.agreed_to(session, page) != campaign.asked_terms]
    return list({page.org_id: page.org for page in waiting}.values())


def settle(session: Session, campaign: Campaign, renew: Renew, vouching: Vouching, now: datetime) -> bool:
    """Put what is asked in force if nobody's yes is missing; True if so. Raises FieldsRefused without a key."""
    if not campaign.asked_terms or waits_for(session, campaign):
        return False
    wanted, changed = Terms(campaign.asked_terms), partners.pages_of_partners(session, campaign)
    for page in changed:
        if page.status in _OPEN:
            _require_ready(session, page, wanted, vouching, now)
    approved = [page for page in changed if approving.is_approved(session, page)]
    campaign.partner_delivery, campaign.force_delivery = choices.SWITCHES[wanted]
    campaign.asked_terms = ""
    for page in changed:
        page.delivery = campaign.partner_delivery
    session.flush()
    approving.carry_over(session, approved)  # the lead asked for it itself
    for page in changed:
        if wordings.current(session, page.id) is not None:
            renew(page)
            end_older_forms(session, page, now)
    return True


def end_all_older_forms(session: Session, campaign: Campaign, now: datetime) -> None:
    """The same for the pages of all partners."""
    for page in partners.pages_of_partners(session, campaign):
        end_older_forms(session, page, now)


def end_older_forms(session: Session, page: ActionPage, now: datetime) -> None:
    """Whoever opened the form before gets it again with its new text: who gets a copy is another now."""
    old = (ConsentText.action_page_id == page.id, ConsentText.valid_until > now - FORMS_LAST)
    session.flush()
    session.execute(update(ConsentText).where(*old).values(valid_until=now - FORMS_LAST))


def _is_everywhere(session: Session, campaign: Campaign, terms: Terms) -> bool:
    """Pages made on the command line can be under other terms than new ones would be."""
    found = partners.pages_of_partners(session, campaign)
    return choices.of_campaign(campaign) == terms and all(choices.of_page(page) == terms for page in found)


def _require_ready(session: Session, page: ActionPage, wanted: Terms, vouching: Vouching, now: datetime) -> None:
    """Whoever will get every copy of an open page has a key and says who it is."""
    orgs = {Receiver.COLLECTOR: page.org, Receiver.LEAD: page.campaign.lead}
    always = [orgs[receiver] for receiver in choices.policy_of(wanted).always()]
    for org in always:
        if not (wordings.notice_of(org).is_complete and recipients.can_receive(session, org, vouching, now)):
            raise FieldsRefused({"copies": Message(_NOT_READY, {"org": org.title})})


def _record(session: Session, campaign: Campaign, changes: str, user_id: int | None, now: datetime) -> None:
    """In the record of all who take part; whoever runs their campaigns is told by mail."""
    orgs = {page.org_id: page.org for page in partners.pages_of_partners(session, campaign)}
    told, silent = [campaign.lead, *orgs.values()], [campaign.org_id]
    event = CampaignEvent.TERMS_CHANGED
    partners.tell(session, campaign, told, event, user_id, now, partner="", silent=silent, changes=changes)
