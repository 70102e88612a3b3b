"""Another mail address for an account: both mailboxes say yes, within a day; either may say no."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from proca_web.domain.errors import AccountLinkOver, FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.people import text
from proca_web.domain.staff_words import AccountEvent, LinkKind
from proca_web.models import AccountLink, User
from proca_web.services.staff import outbox, people
from proca_web.services.staff.account import links, telling

LASTS = timedelta(hours=24)
TAKEN = N_("There is another account with this address already, so nothing was changed. Please choose another one.")
KINDS = (LinkKind.ADDRESS_OF_BEFORE, LinkKind.NEW_ADDRESS)
_ASKED = {LinkKind.ADDRESS_OF_BEFORE: AccountEvent.ADDRESS_OF_BEFORE, LinkKind.NEW_ADDRESS: AccountEvent.NEW_ADDRESS}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of address as it stands: which mailbox has said yes, and when."""

    before: AccountLink
    new: AccountLink

    @property
    def email(self) -> str:
        """The address it leads to."""
        return self.new.email

    @property
    def is_done(self) -> bool:
        """Whether both have said yes."""
        return self.before.used_at is not None and self.new.used_at is not None


def wanted(user: User, typed: str) -> str:
    """The new address in its one form. Raises FieldsRefused for what is none, or is the present one."""
    try:
        email = text.email(typed).lower()
    except text.Refused as refusal:
        raise FieldsRefused({"email": refusal.message}) from refusal
    if not email:
        raise FieldsRefused({"email": Message(N_("Please write the new address."))})
    if email == user.email:
        raise FieldsRefused({"email": Message(N_("This is your address already."))})
    return email


def ask(session: Session, user_id: int, email: str, now: datetime) -> None:
    """Mail both addresses; a change that waited is over.

    Whether the new one is somebody else's account is said to that mailbox alone.
    """
    user = links.lock(session, user_id)
    stop(session, user.id, now)
    for kind in KINDS:
        links.add(session, user, kind, LASTS, now, email)
    telling.record(session, AccountEvent.ADDRESS_ASKED, user.id, now, to=email)
    change = waiting(session, user, now)
    assert change is not None
    send(session, user, change, now)


def send(session: Session, user: User, change: Change, now: datetime) -> None:
    """Mail the links that were not pressed yet; the same ones again at most once a minute."""
    for link in (change.before, change.new):
        if link.used_at is not None:
            continue
        event, once = _ASKED[LinkKind(link.kind)], f"address:{link.id}:{now:%Y-%m-%dT%H:%M}"
        detail: dict[str, str | int] = {"link": link.id, "wanted": link.email, "locale": user.locale}
        if link is change.before:
            telling.tell(session, event, user.id, once, now, **detail)
        else:
            outbox.write_to(session, event, telling.about(session, user.id), link.email, once, now, **detail)


def waiting(session: Session, user: User, now: datetime) -> Change | None:
    """The change that waits for a yes, if any."""
    before, new = (links.newest(session, user.id, kind) for kind in KINDS)
    if before is None or new is None or now >= before.until:
        return None
    change = Change(before, new)
    return None if change.is_done else change


def find(session: Session, secret_keys: Sequence[str], token: str, now: datetime) -> tuple[AccountLink, User]:
    """The side of a change this link stands for. Raises AccountLinkOver when the change is over."""
    link, user = links.find(session, secret_keys, token, KINDS, now)
    if links.newest(session, user.id, LinkKind(link.kind)) is not link:
        raise AccountLinkOver
    return link, user


def confirm(session: Session, secret_keys: Sequence[str], token: str, now: datetime) -> bool:
    """A mailbox says yes; True when the address is changed now. Safe to repeat.

    Raises AccountLinkOver; FieldsRefused where the new address has come to be another account's.
    """
    user = links.lock(session, find(session, secret_keys, token, now)[1].id)
    link, _ = find(session, secret_keys, token, now)
    link.used_at = link.used_at or now
    before, new = (links.newest(session, user.id, kind) for kind in KINDS)
    assert before is not None
    assert new is not None
    if not Change(before, new).is_done or user.email == link.email:
        return user.email == link.email
    if people.find_user(session, link.email) is not None:
        raise FieldsRefused({"email": Message(TAKEN)})
    telling.record(session, AccountEvent.ADDRESS, user.id, now, before=user.email, after=link.email)
    user.email = link.email
    try:
        session.flush()
    except IntegrityError as error:  # somebody joined with it at this very moment
        raise FieldsRefused({"email": Message(TAKEN)}) from error
    return True


def refuse(session: Session, secret_keys: Sequence[str], token: str, now: datetime) -> LinkKind:
    """A mailbox says no: nothing changes, by the other link neither; which of the two. Raises AccountLinkOver."""
    user = links.lock(session, find(session, secret_keys, token, now)[1].id)
    link, _ = find(session, secret_keys, token, now)
    if user.email == link.email:  # done meanwhile
        raise AccountLinkOver
    stop(session, user.id, now)
    telling.record(session, AccountEvent.ADDRESS_REFUSED, user.id, now, by=link.kind)
    return LinkKind(link.kind)


def stop(session: Session, user_id: int, now: datetime) -> None:
    """Whatever waits is over."""
    open_ = select(AccountLink).where(
        AccountLink.user_id == user_id, AccountLink.kind.in_(KINDS), AccountLink.until > now
    )
    for link in session.scalars(open_):
        link.until = now
