"""What people are called, in which language they are spoken to, and a password they change knowing the old one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, STAFF_LANGUAGES, Message
from proca_web.domain.people import text
from proca_web.domain.staff_words import AccountEvent
from proca_web.models import User
from proca_web.services.staff import people
from proca_web.services.staff.account import links, telling


def rename(session: Session, user_id: int, name: str, locale: str, now: datetime) -> None:
    """The name colleagues see, and the language of console and mails; empty: the browser's. Raises FieldsRefused."""
    try:
        name = text.name(name)
    except text.Refused as refusal:
        raise FieldsRefused({"name": refusal.message}) from refusal
    if locale not in ("", *STAFF_LANGUAGES):
        raise FieldsRefused({"locale": Message(N_("Please choose one of these languages."))})
    user = links.lock(session, user_id)
    if name != user.name:
        telling.record(session, AccountEvent.NAME, user_id, now, before=user.name, after=name)
    user.name, user.locale = name, locale


def new_password(session: Session, user_id: int, before: str, password_hash: str, now: datetime) -> bool:
    """A new password, which ends every session of that person. False: it is not the one before any more."""
    user = links.lock(session, user_id)
    if user.password_hash != before:
        return False
    people.set_password(session, user, password_hash)
    telling.tell(session, AccountEvent.PASSWORD, user_id, f"password:{now:%Y-%m-%dT%H:%M:%S}", now)
    telling.record(session, AccountEvent.PASSWORD, user_id, now)
    return True


def known_of(user: User) -> Sequence[str]:
    """What whoever guesses knows of this person."""
    return [user.name, user.email, *(said for place in user.memberships for said in (place.org.name, place.org.title))]
