"""What a tick of the launch list is about, as a short text: when that changes, the tick counts no more."""

import hashlib
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import LaunchTick
from proca_web.domain.words import KeyKind, KeyRole, KeyStatus
from proca_web.models import ActionPage, MailText, PublicKey

_AGREED = ("title", "addressee", "demand", "body", "locale", "fields", "required", "comment", "consent_style")
_ASKED = ("questions", "double_opt_in", "delivery")


def mark(session: Session, page: ActionPage, what: LaunchTick, org_id: int) -> str:
    """What that tick of that org is about now."""
    if what is LaunchTick.MAILS_SEEN:
        return mails_mark(session, page)
    return key_mark(session, org_id) if what is LaunchTick.TEST_OPENED else approval_mark(page)


def mails_mark(session: Session, page: ActionPage) -> str:
    """Both mails: their words, who they are from, and in which language."""
    words = session.scalars(select(MailText).where(MailText.page_id == page.id).order_by(MailText.kind))
    told = [[each.kind, each.subject, each.preheader, each.body] for each in words]
    return _hash([page.locale, page.mail_name, page.mail_reply_to, told])


def key_mark(session: Session, org_id: int) -> str:
    """The key that an org's copies are sealed to; nothing, if there is none."""
    active = (PublicKey.kind == KeyKind.RECIPIENT, PublicKey.status == KeyStatus.ACTIVE)
    query = select(PublicKey.fingerprint).where(PublicKey.org_id == org_id, PublicKey.role == KeyRole.RECIPIENT)
    return session.scalars(query.where(*active)).first() or ""


def approval_mark(page: ActionPage) -> str:
    """What a page says and asks for, and who gets a copy of it."""
    told = {name: getattr(page, name) for name in (*_AGREED, *_ASKED)}
    told |= {"force": page.campaign.force_delivery, "further": [each.org_id for each in page.receivers]}
    return _hash(told)


def _hash(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]
