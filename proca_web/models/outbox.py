"""Mails to staff that wait to be sent: what happened, not what the mail says. Never about a supporter."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.domain.words import OutboxState
from proca_web.models.base import NEVER_REUSED, Base, one_of


class OutboxMail(Base):
    """One mail to one member of staff; `once` makes sure that the same thing is not told twice."""

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("state", OutboxState),
        CheckConstraint("user_id IS NOT NULL OR email <> ''", name="goes_somewhere"),
        Index("ix_outbox_due", "state", "next_try"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"), comment="what it is about")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), comment="whom it goes to")
    email: Mapped[str] = mapped_column(
        default="", server_default="", comment="where it goes, if that is no account's address"
    )
    once: Mapped[str] = mapped_column(unique=True)
    detail: Mapped[str] = mapped_column(default="{}", server_default="{}", comment="JSON of texts for the template")
    state: Mapped[str] = mapped_column(default=OutboxState.TO_SEND, server_default=OutboxState.TO_SEND)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None]
    next_try: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
