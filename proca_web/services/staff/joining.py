"""Whoever was invited opens the mailed link, and joins or declines.

What opens it is made from PROCA_SECRET_KEY when it is needed and stored nowhere: a stolen database opens none. It is
bound to the address and the role it was sent for.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.labels import keyed
from proca_web.domain.errors import InvitationOver, StaffRefused
from proca_web.domain.messages import N_
from proca_web.domain.staff_words import StaffEvent
from proca_web.models import Invitation, Membership, User
from proca_web.services.staff import audit, invitations, members, outbox, people

_ID_BYTES, _PROOF_BYTES = 8, 32
HAS_ACCOUNT = N_("There is an account with this address already. Please sign in first, then open the link again.")
NOT_THEIRS = N_(
    "This invitation does not hold any more: whoever sent it may not give this role now. Please ask an owner of "
    "%(org)s for a new one."
)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody who has no account yet chooses: a name, and a password, as its hash."""

    name: str
    password_hash: str


def token(secret_key: str, invitation_id: int, role: str, email: str) -> str:
    """What the mailed link ends with: the number, and K("invitation", PROCA_SECRET_KEY, …) over all it stands for."""
    number = invitation_id.to_bytes(_ID_BYTES, "big")
    return encode(number + keyed("invitation", secret_key.encode(), number + f"{role}\n{email}".encode()))


def find(session: Session, secret_keys: Iterable[str], given: str) -> Invitation:
    """The invitation this link was mailed for, in whatever state. Raises InvitationOver for a link that never was."""
    try:
        number = int.from_bytes(decode(given, _ID_BYTES + _PROOF_BYTES)[:_ID_BYTES], "big")
    except EncodingError:
        number = 0
    query = select(Invitation).where(Invitation.id == number).options(joinedload(Invitation.org))
    found = session.scalars(query).first() if 0 < number < 1 << 63 else None
    ours = [] if found is None else [token(key, found.id, found.role, found.email) for key in secret_keys]
    if found is None or not any([hmac.compare_digest(own, given) for own in ours]):
        raise InvitationOver(
            N_(
                "This link opens no invitation. A part of it may be missing: please copy the whole of it from the "
                "mail, or ask whoever invited you to send it again."
            )
        )
    return found


def require_open(session: Session, invitation: Invitation, now: datetime) -> None:
    """Raise InvitationOver unless somebody can join by it now."""
    org = invitation.org.title
    if invitation.used_at is not None:
        raise InvitationOver(N_("This invitation was used already. Whoever joined by it signs in with their password."))
    if invitation.withdrawn_at is not None:
        raise InvitationOver(
            N_("This invitation was taken back or declined. If you want to join, ask an owner of %(org)s."), org=org
        )
    if now >= invitation.until:
        raise InvitationOver(
            N_("This invitation has run out: it was good for 7 days. Ask an owner of %(org)s to invite you anew."),
            org=org,
        )
    if invitation.org.locked_at is not None:
        raise InvitationOver(invitations.LOCKED, org=org)
    if not invitations.holds(session, invitation):
        raise InvitationOver(NOT_THEIRS, org=org)


def join(
    session: Session,
    secret_keys: Iterable[str],
    given: str,
    now: datetime,
    *,
    user_id: int | None = None,
    newcomer: Newcomer | None = None,
) -> Membership:
    """Somebody takes their place: whoever is signed in under the address, or a newcomer.

    Raises InvitationOver, StaffRefused.
    """
    found = _locked(session, secret_keys, given, now)
    user = session.get(User, user_id) if user_id is not None else new_user(session, found.email, newcomer, now)
    if user is None or user.email != found.email:
        raise StaffRefused(N_("This invitation is for another address than the one you are signed in with."))
    if members.place_of(session, found.org_id, user.id) is not None:
        raise StaffRefused(N_("You are a member of %(org)s already."), org=found.org.title)
    place = Membership(org_id=found.org_id, user_id=user.id, user=user, role=found.role, created_at=now)
    found.used_at = now
    session.add(place)
    detail = members.detail_of(place, role=found.role, invited_by=found.inviter.email if found.inviter else "")
    audit.record(session, found.org_id, user.id, StaffEvent.JOINED.told, detail, now)
    told = [owner for owner in outbox.owners_of(session, found.org_id) if owner != user.id]
    facts = {"person": user.name or user.email, "email": user.email, "role": found.role}
    outbox.tell(session, StaffEvent.JOINED, found.org_id, told, f"join:{found.id}", now, **facts)
    return place


def decline(session: Session, secret_keys: Iterable[str], given: str, now: datetime) -> Invitation:
    """Whoever it was mailed to does not want it. Raises InvitationOver."""
    found = _locked(session, secret_keys, given, now)
    found.withdrawn_at = now
    invitations.record(session, found, StaffEvent.INVITATION_DECLINED, None, now)
    return found


def _locked(session: Session, secret_keys: Iterable[str], given: str, now: datetime) -> Invitation:
    """The invitation, while nobody else uses it or takes it back. Raises InvitationOver."""
    found = find(session, secret_keys, given)
    members.lock(session, found.org_id)
    session.refresh(found)
    require_open(session, found, now)
    return found


def new_user(session: Session, email: str, newcomer: Newcomer | None, now: datetime) -> User:
    """An account for whoever reads that mailbox. Raises StaffRefused where there is one."""
    if newcomer is None or people.find_user(session, email) is not None:
        raise StaffRefused(HAS_ACCOUNT)
    user = User(email=email, name=newcomer.name, password_hash=newcomer.password_hash, created_at=now)
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:  # another invitation was used at the same moment
        raise StaffRefused(HAS_ACCOUNT) from error
    return user
