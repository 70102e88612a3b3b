"""Mails to staff: written down in the transaction of what they tell, sent by the worker, told once.

Holds no supporter's data. A mail that cannot be sent within three days is given up; the console says the same.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, String, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.outcome import Outcome
from proca_web.domain.staff_words import AccountEvent, FactorEvent, InstanceEvent, StaffEvent, StaffRole
from proca_web.domain.words import Alarm, KeyEvent, OutboxState
from proca_web.models import Membership, Org, OutboxMail, User
from proca_web.services import driver

LEASE = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(days=3)
REMEMBERED = timedelta(days=120)
LONGEST_PAUSE = timedelta(hours=2)
BATCH = 50

_OUTBOX = driver.table(OutboxMail)
_MAIL: BindParameter[int] = bindparam("mail")
_NOW: BindParameter[datetime] = bindparam("now")
_BEFORE: BindParameter[datetime] = bindparam("before")
_COLUMNS = _OUTBOX.c
_TEST = "test-mail@"
_NOT_TAKEN = "refused"
# A page's mail that its org tries on itself leaves by that org's own mail server; all others by the instance's.
_ITS_TEST: BindParameter[str] = bindparam("test", type_=String())
_NO_OTHERS = _COLUMNS.kind.not_in(bindparam("others", expanding=True))
_BY_THIS_SERVER = or_(_COLUMNS.kind == _ITS_TEST, and_(_ITS_TEST == _TEST, _NO_OTHERS))
_WAITS = (_COLUMNS.state == OutboxState.TO_SEND, _COLUMNS.next_try <= _NOW, _BY_THIS_SERVER)
_ADD = driver.insert(OutboxMail, lambda new: new.on_conflict_do_nothing(index_elements=["once"]))
_DUE = select(_COLUMNS.id).where(*_WAITS).limit(1)
_NEXT = select(_COLUMNS.id).where(*_WAITS).order_by(_COLUMNS.next_try, _COLUMNS.id).limit(1).scalar_subquery()
_CLAIM = (
    update(_OUTBOX)
    .where(_COLUMNS.id == _NEXT, _COLUMNS.state == OutboxState.TO_SEND)
    .values(state=OutboxState.SENDING, attempts=_COLUMNS.attempts + 1, lease_until=bindparam("lease"))
    .returning(_OUTBOX)
)
_SENT = update(_OUTBOX).where(_COLUMNS.id == _MAIL).values(state=OutboxState.SENT, sent_at=_NOW, lease_until=None)
_REFUSED = _SENT.values(detail=bindparam("said"))
_LEASED = update(_OUTBOX).where(_COLUMNS.state == OutboxState.SENDING)
_TO_SEND = _LEASED.values(state=OutboxState.TO_SEND, lease_until=None)
_AGAIN = _TO_SEND.where(_COLUMNS.id == _MAIL).values(next_try=bindparam("later"))
_HAND_BACK = _TO_SEND.where(_COLUMNS.id == _MAIL).values(attempts=_COLUMNS.attempts - 1)
_END_LEASES = _TO_SEND.where(_COLUMNS.lease_until < _NOW)
_GIVE_UP = delete(_OUTBOX).where(_COLUMNS.state != OutboxState.SENT, _COLUMNS.created_at < _BEFORE)
_FORGET = delete(_OUTBOX).where(_COLUMNS.state == OutboxState.SENT, _COLUMNS.sent_at < _BEFORE)


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A claimed mail to one member of staff, or to an address that is no account's yet."""

    id: int
    kind: str
    org: str
    org_title: str
    email: str
    detail: Mapping[str, Any]
    once: str
    attempts: int
    locale: str = ""

    @property
    def is_test(self) -> bool:
        """Whether it is a page's mail that its org tries on itself; `detail` says which."""
        return self.kind.startswith(_TEST)


def owners_of(session: Session, org_id: int) -> Sequence[int]:
    """The owners of an org; of the Home Org: the operators."""
    where = (Membership.org_id == org_id, Membership.role.in_((StaffRole.OWNER, StaffRole.OPERATOR)))
    return session.scalars(select(Membership.user_id).where(*where).order_by(Membership.user_id)).all()


def campaigners_of(session: Session, org_id: int) -> Sequence[int]:
    """Who runs an org's campaigns: its owners and campaigners."""
    where = (Membership.org_id == org_id, Membership.role.in_((StaffRole.OWNER, StaffRole.CAMPAIGNER)))
    return session.scalars(select(Membership.user_id).where(*where).order_by(Membership.user_id)).all()


def home_id(session: Session) -> int | None:
    """The Home Org, which mails about the instance itself are about; None before `init`."""
    return session.scalars(select(Org.id).where(Org.is_home)).first()


def operators(session: Session) -> Sequence[int]:
    """Who runs this instance."""
    home = home_id(session)
    return owners_of(session, home) if home is not None else ()


def tell(
    session: Session,
    event: KeyEvent | Alarm | StaffEvent | AccountEvent | FactorEvent | InstanceEvent | CampaignEvent,
    org_id: int,
    users: Iterable[int],
    once: str,
    now: datetime,
    **detail: str | int,
) -> int:
    """Write one mail for each of these people, unless the same (`once`) was told to them already; how many are new."""
    told = _told(event.told, org_id, now, detail)
    mails = [{**told, "user_id": user, "once": f"{once}:{user}"} for user in dict.fromkeys(users)]
    return sum(driver.changed(session, _ADD.of(session), mail) for mail in mails)


def write_to(
    session: Session,
    event: StaffEvent | AccountEvent | CampaignEvent,
    org_id: int,
    email: str,
    once: str,
    now: datetime,
    **detail: str | int,
) -> None:
    """Write one mail to an address that need not be an account's; what opens the link in it is made when it leaves."""
    told = _told(event.told, org_id, now, detail)
    session.execute(_ADD.of(session), {**told, "email": email, "once": once})


def ask_test(
    session: Session, org_id: int, user_id: int, once: str, now: datetime, transport: str, **detail: str | int
) -> None:
    """Write one mail of a page to one member of staff, to leave by that transport."""
    told = _told(f"{_TEST}{transport}", org_id, now, detail)
    session.execute(_ADD.of(session), {**told, "user_id": user_id, "once": once})


def _told(kind: str, org_id: int, now: datetime, detail: Mapping[str, str | int]) -> dict[str, object]:
    written = json.dumps(detail, ensure_ascii=False)
    return {"kind": kind, "org_id": org_id, "detail": written, "next_try": now, "created_at": now}


def is_due(session: Session, now: datetime, transport: str = "", own: Collection[str] = ()) -> bool:
    """Whether any mail to staff waits for that mail server; `own`: the transports besides the instance's."""
    return session.execute(_DUE, {"now": now, **_by(transport, own)}).first() is not None


def claim(session: Session, now: datetime, transport: str = "", own: Collection[str] = ()) -> DueNotice | None:
    """Take one due mail of that mail server for two minutes; None when there is none."""
    row = session.execute(_CLAIM, {"now": now, "lease": now + LEASE, **_by(transport, own)}).first()
    if row is None:
        return None
    org, user = session.get_one(Org, row.org_id), row.user_id and session.get_one(User, row.user_id)
    detail = json.loads(row.detail)
    email, locale = row.email or user.email, user.locale if user else detail.get("locale", "")
    return DueNotice(row.id, row.kind, org.name, org.title, email, detail, row.once, row.attempts, locale)


def _by(transport: str, own: Collection[str]) -> dict[str, object]:
    return {"test": f"{_TEST}{transport}", "others": [f"{_TEST}{org}" for org in own]}


def settle(session: Session, notice: DueNotice, outcome: Outcome, now: datetime) -> None:
    """Write down how it went: sent (or refused for good), or again after a pause that doubles."""
    if outcome is Outcome.SENT:
        session.execute(_SENT, {"mail": notice.id, "now": now})
        return
    if outcome is Outcome.REFUSED:
        said = json.dumps({**notice.detail, _NOT_TAKEN: True}, ensure_ascii=False)
        session.execute(_REFUSED, {"mail": notice.id, "now": now, "said": said})
        return
    pause = min(LONGEST_PAUSE, timedelta(minutes=2 ** min(notice.attempts, 10)))
    session.execute(_AGAIN, {"mail": notice.id, "later": now + pause})


def was_refused(mail: OutboxMail) -> bool:
    """Whether the mail server refused it for good: it is not tried again."""
    return _NOT_TAKEN in json.loads(mail.detail)


def hand_back(session: Session, notice: DueNotice) -> None:
    """What was claimed and not begun is to be sent at once, by whoever comes next."""
    session.execute(_HAND_BACK, {"mail": notice.id})


def tidy(session: Session, now: datetime) -> None:
    """End leases of workers that were killed, give up what is too old, forget what was told long ago."""
    session.execute(_END_LEASES, {"now": now})
    session.execute(_GIVE_UP, {"before": now - GIVEN_UP_AFTER})
    session.execute(_FORGET, {"before": now - REMEMBERED})
