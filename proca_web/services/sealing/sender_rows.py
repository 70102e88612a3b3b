"""The rows of senders: written before their first use, removed when no copy refers to them (protocol 2)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, literal, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sender import Sender
from proca_web.crypto.keys.keys import fingerprint
from proca_web.domain.words import KeyKind, KeyStatus
from proca_web.models import Contact, Instance, PublicKey

SENDER_ROW_KEPT = timedelta(hours=1)
# Written out, so that its index is seen to serve: senders are many, with one for each signature as many as those.
IS_HOME = PublicKey.kind == literal(KeyKind.HOME.value, literal_execute=True)
IN_FORCE = (IS_HOME, PublicKey.status == KeyStatus.ACTIVE)


def add(session: Session, sender: Sender) -> int:
    """Write a sender's row; returns its id. A `static` sender has the Home key's row, which takes its certificate."""
    home = session.scalars(select(PublicKey).where(*IN_FORCE)).one()
    if sender.mode is Mode.STATIC:
        if home.certificate is None:
            home.certificate, home.not_before = sender.certificate, sender.not_before
        return home.id
    row = PublicKey(
        org_id=home.org_id,
        kind=KeyKind.SENDER,
        public=sender.public,
        fingerprint=fingerprint(sender.public),
        certificate=sender.certificate,
        not_before=sender.not_before,
        not_after=sender.not_after,
        created_at=sender.not_before,
    )
    session.add(row)
    session.flush()  # its id is what copies refer to
    return row.id


def ask_to_end(session: Session, now: datetime) -> None:
    """Every process ends its sender before its next submission."""
    session.execute(update(Instance).values(senders_end_at=now))


def drop_old(session: Session, now: datetime) -> None:
    """Remove sender rows an hour after their end when no copy refers to them."""
    over = (PublicKey.kind == KeyKind.SENDER, PublicKey.not_after < now - SENDER_ROW_KEPT)
    # One look into the index for each of the few; NOT EXISTS would become a join over all copies on PostgreSQL.
    copy = select(Contact.id).where(Contact.sign_key_id == PublicKey.id).limit(1).scalar_subquery()
    session.execute(delete(PublicKey).where(*over, copy.is_(None)))
