"""The lead asks an org into its campaign, asks again, or takes it back. What the mailed link opens is in `joining`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, PartnerState
from proca_web.domain.errors import BadSetting, CampaignRefused, FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign, Org, Partner, User
from proca_web.services.petitions import names
from proca_web.services.petitions.making.coalition import partners
from proca_web.services.staff import outbox, people

LASTS = timedelta(days=14)
MOST = 100
NOT_HERE = N_(
    "No organisation here is called that. Write its mail address below as well, and it gets an invitation by mail."
)


def invite(session: Session, campaign: Campaign, user_id: int | None, org: str, email: str, now: datetime) -> Partner:
    """Ask an org that is here, by its name or title, or somebody new by mail. Raises FieldsRefused, CampaignRefused."""
    campaign = partners.locked(session, campaign.id)
    _require_open(session, campaign)
    known = _known(session, org.strip())
    made = Partner(campaign_id=campaign.id, invited_by=user_id, created_at=now, until=now + LASTS)
    if known is not None:
        _require_free(session, campaign, known)
        made.org_id = known.id
    else:
        made.title, made.email = _title(org, email), _address(session, campaign, email, org)
    session.add(made)
    session.flush()  # its number is in the link
    _send(session, campaign, made, user_id, now)
    return made


def could_be_invited(session: Session, campaign: Campaign) -> Sequence[Org]:
    """Orgs that are here and not in the campaign, for the list behind the field; any other can be typed."""
    there = select(ActionPage.org_id).where(ActionPage.campaign_id == campaign.id)
    states = (PartnerState.INVITED, PartnerState.JOINED)
    asked = select(Partner.org_id).where(Partner.campaign_id == campaign.id, Partner.state.in_(states))
    others = (Org.is_home.is_(False), Org.locked_at.is_(None), Org.id != campaign.org_id, Org.id.not_in(there))
    query = select(Org).where(*others, Org.id.not_in(asked.where(Partner.org_id.is_not(None)))).order_by(Org.title)
    return session.scalars(query.limit(MOST)).all()


def send_again(session: Session, campaign: Campaign, partner_id: int, user_id: int | None, now: datetime) -> None:
    """The same invitation once more, good for another 14 days. Raises CampaignRefused."""
    campaign = partners.locked(session, campaign.id)
    _require_open(session, campaign)
    waits = waiting(session, campaign, partner_id)
    waits.until, waits.invited_by = now + LASTS, user_id
    _send(session, campaign, waits, user_id, now)


def withdraw(session: Session, campaign: Campaign, partner_id: int, user_id: int | None, now: datetime) -> None:
    """Nobody can accept it from now on. Raises CampaignRefused."""
    campaign = partners.locked(session, campaign.id)
    waits = waiting(session, campaign, partner_id)
    waits.state, waits.decided_at = PartnerState.WITHDRAWN, now
    orgs = [campaign.lead, waits.org] if waits.org is not None else [campaign.lead]
    event, called, silent = CampaignEvent.PARTNER_WITHDRAWN, name_of(waits), [campaign.org_id]
    partners.tell(session, campaign, orgs, event, user_id, now, partner=called, silent=silent)


def waiting(session: Session, campaign: Campaign, partner_id: int) -> Partner:
    """An invitation that nobody has answered. Ask under the campaign's lock. Raises CampaignRefused."""
    found = session.get(Partner, partner_id, populate_existing=True)
    if found is None or found.campaign_id != campaign.id:
        raise CampaignRefused(N_("There is no such invitation."))
    said = {
        PartnerState.JOINED: N_("This invitation was accepted meanwhile: the organisation takes part now."),
        PartnerState.DECLINED: N_("This invitation was declined meanwhile."),
        PartnerState.WITHDRAWN: N_("This invitation was taken back meanwhile."),
        PartnerState.ENDED: N_("This organisation does not take part any more."),
    }
    if found.state != PartnerState.INVITED:
        raise CampaignRefused(said[PartnerState(found.state)])
    return found


def name_of(partner: Partner) -> str:
    """What an invited org is called: its title here, or what the lead wrote."""
    return partner.org.title if partner.org is not None else partner.title or partner.email


def _send(session: Session, campaign: Campaign, partner: Partner, user_id: int | None, now: datetime) -> None:
    inviter = session.get(User, user_id) if user_id is not None else None
    facts: dict[str, str | int] = {
        "inviter": inviter.name or inviter.email if inviter else campaign.lead.title,
        "until": partner.until.strftime("%Y-%m-%d"),
    }
    event, org = CampaignEvent.PARTNER_INVITED, session.get(Org, partner.org_id) if partner.org_id else None
    orgs, silent = [campaign.lead, *([org] if org else [])], [campaign.org_id]
    called = org.title if org else partner.title or partner.email
    partners.tell(session, campaign, orgs, event, user_id, now, partner=called, silent=silent, **facts)
    if org is None:
        told = {"campaign": campaign.title, "lead": campaign.lead.title, "by_mail": partner.id, **facts}
        once = f"{event}:mail:{partner.id}:{now.isoformat()}"
        outbox.write_to(session, event, campaign.org_id, partner.email, once, now, **told)


def _require_open(session: Session, campaign: Campaign) -> None:
    if campaign.status == Publication.CLOSED:
        raise CampaignRefused(N_("This campaign is closed. Open it again before you invite anybody."))
    if campaign.lead.locked_at is not None:
        raise CampaignRefused(N_("Your organisation is locked: nobody can be invited until it is open again."))
    own = select(ActionPage.id).where(ActionPage.campaign_id == campaign.id, ActionPage.org_id == campaign.org_id)
    if session.scalars(own.limit(1)).first() is None:
        raise CampaignRefused(N_("Make your own page first: whoever joins gets a copy of it to make their own."))
    waits = (Partner.campaign_id == campaign.id, Partner.state.in_((PartnerState.INVITED, PartnerState.JOINED)))
    if (session.scalar(select(func.count()).select_from(Partner).where(*waits)) or 0) >= MOST:
        raise CampaignRefused(N_("A campaign has at most %(most)s partners, invited ones among them."), most=MOST)


def _known(session: Session, typed: str) -> Org | None:
    """The one org that is named or titled so. Raises FieldsRefused where several are."""
    if not typed:
        return None
    is_it = or_(Org.name == typed.lower(), func.lower(Org.title) == typed.lower())
    found = session.scalars(select(Org).where(is_it, Org.is_home.is_(False)).limit(2)).all()
    exact = [org for org in found if org.name == typed.lower()]
    if len(found) > 1 and not exact:
        raise _fault("org", N_("Several organisations are called that. Write its short name, as in its addresses."))
    return next(iter(exact or found), None)


def _require_free(session: Session, campaign: Campaign, org: Org) -> None:
    if org.id == campaign.org_id:
        raise _fault("org", N_("This is your own organisation."))
    if org.locked_at is not None:
        raise _fault("org", N_("This organisation is locked by whoever runs this site."))
    if partners.takes_part(session, campaign, org.id):
        raise _fault("org", N_("This organisation takes part already."))
    if PartnerState.INVITED in partners.states_of(session, campaign.id, org.id):
        raise _fault("org", N_("This organisation is invited already, see above: send it again there."))


def _title(org: str, email: str) -> str:
    title = org.strip()
    if not email.strip():
        raise _fault("org", NOT_HERE if title else N_("Choose an organisation, or write a name and a mail address."))
    try:
        names.check_title("the name", title)
    except BadSetting as error:
        raise _fault("org", N_("Please write what the organisation is called, in one line.")) from error
    return title


def _address(session: Session, campaign: Campaign, email: str, org: str) -> str:
    address = people.address(email)
    if not address:
        raise _fault("org", NOT_HERE if org.strip() else N_("Choose an organisation, or write its mail address."))
    same = (Partner.campaign_id == campaign.id, Partner.email == address, Partner.state == PartnerState.INVITED)
    if session.scalars(select(Partner.id).where(*same)).first() is not None:
        raise _fault("email", N_("There is an invitation for this address already, see above: send it again there."))
    return address


def _fault(field: str, text: str) -> FieldsRefused:
    return FieldsRefused({field: Message(text)})
