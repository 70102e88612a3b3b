"""What a tick of the launch list is about, as a short text: when that changes, the tick counts no more."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import LaunchTick
from proca_web.domain.words import KeyKind, KeyRole, KeyStatus
from proca_web.models import ActionPage, PublicKey
from proca_web.services.petitions.making import mail_texts
from proca_web.services.petitions.making.coalition import approving


def mark(session: Session, page: ActionPage, what: LaunchTick, org_id: int) -> str:
    """What that tick of that org is about now."""
    if what is LaunchTick.MAILS_SEEN:
        return mail_texts.mark(session, page)
    return key_mark(session, org_id) if what is LaunchTick.TEST_OPENED else approving.mark(session, page)


def key_mark(session: Session, org_id: int) -> str:
    """The key that an org's copies are sealed to; nothing, if there is none."""
    active = (PublicKey.kind == KeyKind.RECIPIENT, PublicKey.status == KeyStatus.ACTIVE)
    query = select(PublicKey.fingerprint).where(PublicKey.org_id == org_id, PublicKey.role == KeyRole.RECIPIENT)
    return session.scalars(query.where(*active)).first() or ""
