"""An org accepts or declines: in its console, or by a mailed link, for an org it has or one it founds with it.

What opens a link is made from PROCA_SECRET_KEY when it is needed and stored nowhere: a stolen database opens none.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from proca_web.crypto.encoding import be64, decode, encode
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.labels import keyed
from proca_web.domain import rights
from proca_web.domain.campaign_words import CampaignEvent, PartnerState
from proca_web.domain.errors import CampaignRefused, PartnershipOver
from proca_web.domain.messages import N_
from proca_web.domain.rights import Right
from proca_web.domain.staff_words import StaffRole
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign, Org, Partner, User
from proca_web.services.petitions import founding
from proca_web.services.petitions.making.coalition import approving, copying, inviting, partners
from proca_web.services.staff import joining as accounts
from proca_web.services.staff import people
from proca_web.services.staff.joining import Newcomer

_ID_BYTES, _PROOF_BYTES = 8, 24


def token(secret_key: str, partner_id: int, email: str) -> str:
    """What the mailed link ends with: the number, and a proof over it and the address it was sent to."""
    number = be64(partner_id)
    return encode(number + keyed("partnership", secret_key.encode(), number + email.encode())[:_PROOF_BYTES])


def find(session: Session, secret_keys: Iterable[str], given: str) -> Partner:
    """The invitation this link was mailed for, in whatever state. Raises PartnershipOver for one that never was."""
    try:
        number = int.from_bytes(decode(given, _ID_BYTES + _PROOF_BYTES)[:_ID_BYTES], "big")
    except EncodingError:
        number = 0
    query = select(Partner).where(Partner.id == number, Partner.email != "")
    found = session.scalars(query.options(joinedload(Partner.campaign))).first() if 0 < number < 1 << 63 else None
    ours = [] if found is None else [token(key, found.id, found.email) for key in secret_keys]
    if found is None or not any([hmac.compare_digest(own.encode(), given.encode()) for own in ours]):
        raise PartnershipOver(
            N_(
                "This link opens no invitation. A part of it may be missing: please copy the whole of it from the "
                "mail, or ask whoever invited you to send it again."
            )
        )
    return found


def require_open(partner: Partner, now: datetime) -> None:
    """Raise PartnershipOver unless it can be accepted now."""
    lead = partner.campaign.lead.title
    if partner.state in (PartnerState.JOINED, PartnerState.ENDED):
        raise PartnershipOver(N_("This invitation was used already."))
    if partner.state != PartnerState.INVITED:
        raise PartnershipOver(
            N_("This invitation was taken back or declined. If you want to join, ask %(org)s."), org=lead
        )
    if now >= partner.until:
        raise PartnershipOver(
            N_("This invitation has run out: it was good for 14 days. Ask %(org)s to send it again."), org=lead
        )
    if partner.campaign.status == Publication.CLOSED or partner.campaign.lead.locked_at is not None:
        raise PartnershipOver(N_("The campaign of %(org)s takes nobody in just now."), org=lead)


def of_org(session: Session, org_id: int, now: datetime) -> list[Partner]:
    """The invitations that wait for this org's answer."""
    where = (Partner.org_id == org_id, Partner.state == PartnerState.INVITED, Partner.until > now)
    query = select(Partner).where(*where).options(joinedload(Partner.campaign).joinedload(Campaign.lead))
    return list(session.scalars(query.order_by(Partner.id.desc()).limit(100)))


def accept(
    session: Session, org: Org, partner_id: int, user_id: int | None, now: datetime, source: int = 0
) -> ActionPage:
    """An org that was invited in its console takes part; its page. Raises PartnershipOver, CampaignRefused."""
    return _join(session, _of(session, org, partner_id, now), org, user_id, now, source)


def decline(session: Session, org: Org, partner_id: int, user_id: int | None, now: datetime) -> None:
    """It does not want to. Raises PartnershipOver."""
    _decline(session, _of(session, org, partner_id, now), [org], user_id, now)


def accept_by_link(
    session: Session, keys: Iterable[str], given: str, org_name: str, user_id: int, now: datetime, source: int = 0
) -> ActionPage:
    """Somebody who is signed in takes part with an org of theirs. Raises PartnershipOver, CampaignRefused."""
    found = _by_link(session, keys, given, now)
    mine = {org.name: org for org in orgs_to_join_with(session, user_id, found)}
    if org_name not in mine:
        raise CampaignRefused(N_("Choose an organisation of yours whose campaigns you run."))
    return _join(session, found, mine[org_name], user_id, now, source)


def found_by_link(
    session: Session,
    keys: Iterable[str],
    given: str,
    title: str,
    now: datetime,
    *,
    user_id: int | None = None,
    newcomer: Newcomer | None = None,
    source: int = 0,
) -> tuple[ActionPage, User]:
    """A new org takes part, and whoever opened the link owns it: signed in, or with a new account.

    Raises PartnershipOver, CampaignRefused, FieldsRefused, StaffRefused.
    """
    found = _by_link(session, keys, given, now)
    known = session.get(User, user_id) if user_id is not None else None
    user = known or accounts.new_user(session, found.email, newcomer, now)
    org = founding.found_by(session, title, user, now)
    return _join(session, found, org, user.id, now, source), user


def decline_by_link(session: Session, keys: Iterable[str], given: str, now: datetime) -> Partner:
    """Whoever it was mailed to does not want it. Raises PartnershipOver."""
    found = _by_link(session, keys, given, now)
    _decline(session, found, [], None, now)
    return found


def orgs_to_join_with(session: Session, user_id: int, partner: Partner) -> list[Org]:
    """The orgs that somebody could accept this for: where they run campaigns, and which do not take part yet."""
    return [
        place.org
        for place in people.places(session, user_id)
        if Right.CAMPAIGNS in rights.TABLE[StaffRole(place.role)]
        and not place.org.is_home
        and place.org.locked_at is None
        and not partners.takes_part(session, partner.campaign, place.org_id)
    ]


def _of(session: Session, org: Org, partner_id: int, now: datetime) -> Partner:
    found = session.get(Partner, partner_id)
    if found is None or found.org_id != org.id:
        raise PartnershipOver(N_("There is no such invitation."))
    return _held(session, found, now)


def _by_link(session: Session, keys: Iterable[str], given: str, now: datetime) -> Partner:
    return _held(session, find(session, keys, given), now)


def _held(session: Session, partner: Partner, now: datetime) -> Partner:
    """The invitation, while nobody else answers it or takes it back."""
    partners.locked(session, partner.campaign_id)
    session.refresh(partner)
    require_open(partner, now)
    return partner


def _join(session: Session, found: Partner, org: Org, user_id: int | None, now: datetime, source: int) -> ActionPage:
    campaign = found.campaign
    if org.is_home or org.locked_at is not None or partners.takes_part(session, campaign, org.id):
        raise CampaignRefused(N_("%(org)s cannot join: it takes part already, or it is locked."), org=org.title)
    waits = PartnerState.INVITED in partners.states_of(session, campaign.id, org.id)
    if waits and found.org_id != org.id:
        raise CampaignRefused(
            N_("%(org)s has an invitation of its own: accept that one in its console."), org=org.title
        )
    page = copying.for_partner(session, campaign, org, source, now)
    found.org_id, found.state, found.decided_at = org.id, PartnerState.JOINED, now
    session.flush()
    session.refresh(found)
    approving.agree_to_terms(session, campaign, [page], user_id, now)
    both, event = [campaign.lead, org], CampaignEvent.PARTNER_JOINED
    partners.tell(session, campaign, both, event, user_id, now, partner=org.title, silent=[org.id], page=page.name)
    return page


def _decline(session: Session, found: Partner, orgs: list[Org], user_id: int | None, now: datetime) -> None:
    found.state, found.decided_at = PartnerState.DECLINED, now
    campaign, event = found.campaign, CampaignEvent.PARTNER_DECLINED
    silent = [org.id for org in orgs]
    called = inviting.name_of(found)
    partners.tell(session, campaign, [campaign.lead, *orgs], event, user_id, now, partner=called, silent=silent)
