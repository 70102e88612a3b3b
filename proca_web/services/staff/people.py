"""Who is on the staff of which org, and finding them. What somebody may do is asked of their membership."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from proca_web.domain.errors import BadSetting, FieldsRefused, NameTaken
from proca_web.domain.people import text
from proca_web.domain.staff_words import StaffEvent, StaffRole
from proca_web.models import Membership, Org, User
from proca_web.services.staff import audit, members, outbox, sessions


def find_user(session: Session, email: str) -> User | None:
    """The user with that address, if any."""
    return session.scalars(select(User).where(User.email == email.strip().lower())).first()


def find_org(session: Session, name: str) -> Org | None:
    """The org of that name, if any."""
    return session.scalars(select(Org).where(Org.name == name)).first()


def places(session: Session, user_id: int) -> Sequence[Membership]:
    """A person's places in orgs."""
    found = select(Membership).where(Membership.user_id == user_id).options(joinedload(Membership.org))
    return session.scalars(found.order_by(Membership.org_id)).all()


def owners(session: Session, org_id: int) -> Sequence[str]:
    """The addresses of an org's owners."""
    mine = Membership.org_id == org_id, Membership.role == StaffRole.OWNER
    return session.scalars(select(User.email).join(Membership).where(*mine).order_by(User.email)).all()


def add_user(session: Session, email: str, password_hash: str, org: Org, role: StaffRole, now: datetime) -> User:
    """A new member of an org's staff; of the Home Org: an operator. Raises NameTaken, BadSetting."""
    try:
        written = address(email)
    except FieldsRefused as refusal:
        raise BadSetting(refusal.faults["email"].text) from refusal
    if not written:
        raise BadSetting("a member of staff needs a mail address")
    if find_user(session, written) is not None:
        raise NameTaken(f"there is a user {written} already")
    user = User(email=written, password_hash=password_hash, created_at=now)
    user.memberships = [Membership(org_id=org.id, role=role_in(org, role), created_at=now)]
    session.add(user)
    return user


def add_place(session: Session, user: User, org: Org, role: StaffRole, now: datetime) -> None:
    """Somebody with an account joins another org; they are told. Raises BadSetting, NameTaken."""
    members.lock(session, org.id)
    if members.place_of(session, org.id, user.id) is not None:
        raise NameTaken(f"{user.email} is on the staff of {org.name} already; their role is changed under People")
    place = Membership(org_id=org.id, user_id=user.id, user=user, role=role_in(org, role), created_at=now)
    session.add(place)
    audit.record(session, org.id, None, StaffEvent.ADDED.told, members.detail_of(place, role=place.role), now)
    once = f"add:{org.id}:{now.isoformat()}"
    outbox.tell(session, StaffEvent.ADDED, org.id, [user.id], once, now, role=place.role)


def address(typed: str) -> str:
    """A mail address as accounts have it: small letters, its domain in ASCII. Raises FieldsRefused."""
    try:
        return text.email(typed).lower()
    except text.Refused as refusal:
        raise FieldsRefused({"email": refusal.message}) from refusal


def role_in(org: Org, role: StaffRole) -> StaffRole:
    """The role somebody gets there: who owns the Home Org runs the instance. Raises BadSetting."""
    if org.is_home and role == StaffRole.OWNER:
        return StaffRole.OPERATOR
    if org.is_home is not (role == StaffRole.OPERATOR):
        raise BadSetting(f"nobody is {role} of {org.name}: operators belong to the Home Org, and it has no other staff")
    return role


def all_users(session: Session) -> Sequence[User]:
    """Everybody on any org's staff, by address, with their orgs."""
    memberships = selectinload(User.memberships).joinedload(Membership.org)
    return session.scalars(select(User).options(memberships).order_by(User.email)).all()


def named_user(session: Session, email: str) -> User:
    """The user with that address. Raises BadSetting when there is none."""
    found = find_user(session, email)
    if found is None:
        raise BadSetting(f"there is no user {email}")
    return found


def set_password(session: Session, user: User, password_hash: str) -> None:
    """A new password; it ends every session of that person."""
    user.password_hash = password_hash
    sessions.end_all(session, user.id)


def remove_user(session: Session, user: User, now: datetime, *, though_last: bool = False) -> None:
    """Take somebody off every staff. Raises BadSetting for the last owner of an org, unless that is meant."""
    for place in sorted(user.memberships, key=lambda place: place.org_id):
        members.lock(session, place.org_id)
        event, detail = StaffEvent.REMOVED.told, members.detail_of(place, before=place.role)
        audit.record(session, place.org_id, None, event, detail, now)
    alone = [place.org.name for place in user.memberships if members.is_alone(session, place)]
    if alone and not though_last:
        raise BadSetting(
            f"{user.email} is the last owner of {', '.join(alone)}: nobody could manage its keys. "
            "Add another owner first, or say --force"
        )
    session.delete(user)
