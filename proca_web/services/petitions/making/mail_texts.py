"""A page's mails as its org writes them: own words, who they are from, that somebody read them, a test to oneself.

Without words of its own a mail has the house's. What everybody must be told stands around the words and is not here.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, LaunchTick, PageMail
from proca_web.domain.errors import FieldsRefused, MailChanged
from proca_web.domain.messages import N_, Message
from proca_web.domain.pages import mail_words
from proca_web.domain.pages.mail_words import MailWords
from proca_web.domain.people import text
from proca_web.models import ActionPage, MailText, Tick, User
from proca_web.services.staff import audit, outbox

LONGEST_SENDER = 70
_NO_ADDRESS = N_("A sender's name is no address: a name with one looks like somebody else's mail.")


@dataclass(frozen=True, slots=True)
class Written:
    """A mail of a page as it is now: the org's words, if it wrote some, and who wrote them when.

    `state` names all of it: whoever saves says from which state they began.
    """

    words: MailWords | None
    sender_name: str
    reply_to: str
    by: str
    at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A mail as somebody typed it."""

    sender_name: str
    reply_to: str
    subject: str
    preheader: str
    body: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody has read both mails."""

    by: str
    at: datetime


def own_words(session: Session, page_id: int) -> Mapping[PageMail, MailWords]:
    """The mails of a page that have words of its org's own."""
    found = session.scalars(select(MailText).where(MailText.page_id == page_id))
    return {PageMail(row.kind): _words(row) for row in found}


def read(session: Session, page: ActionPage, kind: PageMail) -> Written:
    """One mail of a page."""
    row = _row(session, page, kind)
    words, by = (_words(row), session.get(User, row.edited_by) if row.edited_by else None) if row else (None, None)
    sender = _sender(page)
    state = _hash([words and _list(words), page.mail_name, page.mail_reply_to])
    return Written(words, *sender, (by.name or by.email) if by else "", row.edited_at if row else None, state)


def checked(page: ActionPage, kind: PageMail, typed: Typed) -> tuple[MailWords, tuple[str, str]]:
    """The words, and the sender's name and address where the page has its own. Raises FieldsRefused for each field."""
    sender, faults = checked_sender(typed.sender_name, typed.reply_to)
    try:
        words = mail_words.checked(kind, typed.subject, typed.preheader, typed.body)
    except FieldsRefused as refusal:
        faults.update(refusal.faults)
    if faults:
        raise FieldsRefused(faults)
    of_org = (page.org.mail_name or page.org.title, page.org.reply_to)
    name, reply_to = ("" if own == theirs else own for own, theirs in zip(sender.values(), of_org, strict=True))
    return words, (name, reply_to)


def checked_sender(name: str, reply_to: str) -> tuple[dict[str, str], dict[str, Message]]:
    """Who the mails of a page are from, and what of it does not pass, by field."""
    faults: dict[str, Message] = {}
    sender = {"sender_name": "", "reply_to": ""}
    try:
        sender["sender_name"] = text.clean(name, longest=LONGEST_SENDER)
        if "@" in sender["sender_name"]:
            raise text.Refused(_NO_ADDRESS)
    except text.Refused as refusal:
        faults["sender_name"] = refusal.message
    try:
        sender["reply_to"] = text.email(reply_to)
    except text.Refused as refusal:
        faults["reply_to"] = refusal.message
    return sender, faults


def save(
    session: Session,
    page: ActionPage,
    kind: PageMail,
    typed: Typed,
    suggested: MailWords,
    state: str,
    user_id: int | None,
    now: datetime,
) -> None:
    """Take up a mail's words and sender; live pages send them at once. Raises FieldsRefused, MailChanged.

    Whoever keeps the suggested text has no words of their own, and gets what the house writes later.
    """
    session.refresh(page, with_for_update=True)
    before = read(session, page, kind)
    words, (name, reply_to) = checked(page, kind, typed)
    if before.state != state:
        raise MailChanged
    page.mail_name, page.mail_reply_to = name, reply_to
    _keep(session, page, kind, None if words == suggested else words, user_id, now)
    _tell(session, page, kind, before, (before.words or suggested).subject, words.subject, user_id, now)


def suggest_again(
    session: Session, page: ActionPage, kind: PageMail, suggested: MailWords, user_id: int | None, now: datetime
) -> None:
    """Back to the house's words."""
    session.refresh(page, with_for_update=True)
    before = read(session, page, kind)
    if before.words is not None:
        _keep(session, page, kind, None, user_id, now)
        _tell(session, page, kind, before, before.words.subject, suggested.subject, user_id, now)


def mark(session: Session, page: ActionPage) -> str:
    """What both mails of a page say and who they are from, as a short text that changes with it."""
    words = own_words(session, page.id)
    return _hash([page.locale, *_sender(page), {kind: _list(words[kind]) for kind in sorted(words)}])


def seen(session: Session, page: ActionPage) -> Seen | None:
    """Who of its org has read both mails as they are now; None: nobody yet, or they have changed."""
    tick = _tick(session, page)
    if tick is None or tick.mark != mark(session, page):
        return None
    by = session.get(User, tick.user_id) if tick.user_id else None
    return Seen((by.name or by.email) if by else "", tick.at)


def see(session: Session, page: ActionPage, read_mark: str, user_id: int, now: datetime) -> None:
    """Somebody has read both mails. Raises MailChanged where they are others by now."""
    session.refresh(page, with_for_update=True)
    if read_mark != mark(session, page):
        raise MailChanged
    tick = _tick(session, page)
    if tick is None:
        tick = Tick(page_id=page.id, what=LaunchTick.MAILS_SEEN, org_id=page.org_id)
        session.add(tick)
    tick.mark, tick.user_id, tick.at = read_mark, user_id, now
    about = {"page": page.name, "step": str(LaunchTick.MAILS_SEEN)}
    audit.record(session, page.org_id, user_id, CampaignEvent.TICKED, about, now)


def ask_test(
    session: Session, page: ActionPage, kind: PageMail, user_id: int, now: datetime, *, transport: str
) -> None:
    """Have the worker send a mail of the page to who asks, by the page's own way."""
    once = f"test-mail:{page.id}:{kind}:{now.isoformat()}"
    outbox.ask_test(session, page.org_id, user_id, once, now, transport, page=page.id, mail=str(kind))
    about = {"page": page.name, "mail": str(kind)}
    audit.record(session, page.org_id, user_id, CampaignEvent.MAIL_TESTED, about, now)


def _keep(
    session: Session, page: ActionPage, kind: PageMail, words: MailWords | None, user_id: int | None, now: datetime
) -> None:
    row = _row(session, page, kind)
    if words is None:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = MailText(page_id=page.id, kind=kind, edits=0)
        session.add(row)
    row.subject, row.preheader, row.body = _list(words)
    row.edits, row.edited_at, row.edited_by = row.edits + 1, now, user_id


def _tell(
    session: Session,
    page: ActionPage,
    kind: PageMail,
    before: Written,
    was: str,
    is_: str,
    user_id: int | None,
    now: datetime,
) -> None:
    session.flush()
    about: dict[str, object] = {"page": page.name, "mail": str(kind), "subject": [was, is_]}
    pairs = zip(("sender", "answers"), (before.sender_name, before.reply_to), _sender(page), strict=True)
    about |= {name: [old, new] for name, old, new in pairs if old != new}
    audit.record(session, page.org_id, user_id, CampaignEvent.MAIL_EDITED, about, now)


def _row(session: Session, page: ActionPage, kind: PageMail) -> MailText | None:
    return session.scalars(select(MailText).where(MailText.page_id == page.id, MailText.kind == kind)).first()


def _tick(session: Session, page: ActionPage) -> Tick | None:
    where = (Tick.page_id == page.id, Tick.what == LaunchTick.MAILS_SEEN, Tick.org_id == page.org_id)
    return session.scalars(select(Tick).where(*where)).first()


def _sender(page: ActionPage) -> tuple[str, str]:
    return page.mail_name or page.org.mail_name or page.org.title, page.mail_reply_to or page.org.reply_to


def _words(row: MailText) -> MailWords:
    return MailWords(row.subject, row.preheader, row.body)


def _list(words: MailWords) -> list[str]:
    return [words.subject, words.preheader, words.body]


def _hash(said: object) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]
